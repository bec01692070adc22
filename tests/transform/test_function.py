"""How many arguments a row takes, by its signature."""

from tidegate.transform.function import ANY_NUMBER
from tidegate.transform.functions import FUNCTIONS


def test_arity() -> None:
    assert (FUNCTIONS["min"].least, FUNCTIONS["min"].most) == (1, ANY_NUMBER)
    assert (FUNCTIONS["str::substring"].least, FUNCTIONS["str::substring"].most) == (2, 3)
    assert FUNCTIONS["scale"].arity == "5 arguments"
