"""`templates/functions.py`."""

import pytest

from tidegate.templates.functions import REFUSED, ROWS, find_function
from tidegate.templates.template_error import TemplateError


def test_each_name_is_there_once() -> None:
    names = [row.name.lower() for row in ROWS]
    assert len(names) == len(set(names))
    assert not {name.lower() for name in REFUSED} & set(names)


def test_upper_and_lower_case_do_not_matter() -> None:
    assert find_function("TOLOWER").name == "toLower"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("toLowr", "toLower"),
        ("newguid", "each deployment"),
        ("my.function", "your own"),
        ("zzzz", "lists all functions"),
    ],
)
def test_what_is_not_there_is_refused_in_words(name: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        find_function(name)
    assert words in f"{caught.value.message} {caught.value.hint}"
