"""`bicep/functions.py`."""

import pytest

from tidegate.bicep.functions import BICEP_FUNCTIONS, OPERATORS, check_call
from tidegate.bicep.syntax import Call, Integer
from tidegate.templates.functions import FUNCTIONS


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("toLower", 1, None),
        ("any", 1, None),
        ("any", 2, "takes 1 argument"),
        ("toLower", 2, "takes 1 argument"),
        ("tolower", 1, "upper and lower case"),
        ("add", 2, "write `a + b`"),
        ("newGuid", 0, "not supported"),
        ("loadYamlContent", 1, "loadJsonContent"),
        ("zzzz", 0, "lists all functions"),
    ],
)
def test_calls_are_checked(name: str, arguments: int, words: str | None) -> None:
    error = check_call(Call(name, (Integer(1),) * arguments))
    assert (error is None) == (words is None)
    if error is not None and words is not None:
        assert words in f"{error.message}; {error.hint}"


def test_every_name_is_one_of_templates_or_of_bicep() -> None:
    assert set(map(str.lower, OPERATORS)) - set(FUNCTIONS) == {"lambda"}
    assert not set(map(str.lower, BICEP_FUNCTIONS)) & set(FUNCTIONS)
