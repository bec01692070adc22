"""`templates/array_functions.py`."""

import pytest
from tests.templates.expressions import check_examples, value

from tidegate.templates.array_functions import ARRAY_ROWS
from tidegate.templates.template_error import TemplateError


def test_every_example_is_true() -> None:
    check_examples(ARRAY_ROWS)


@pytest.mark.parametrize(
    "expression",
    [
        "concat(createArray(1), 'a')",
        "concat('a', createArray(1))",
        "createObject('a')",
        "createObject(1, 2)",
        "contains(1, 2)",
        "empty(1)",
        "length(1)",
        "range(0, 10001)",
        "range(0, -1)",
        "flatten(createArray(1))",
        "union(createArray(1), createObject())",
        "items('a')",
    ],
)
def test_what_it_does_not_take_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            "union(createObject('a', createObject('b', 1)), createObject('a', createObject('c', 2)))",
            {"a": {"b": 1, "c": 2}},
        ),
        ("union(createObject('Host', 1), createObject('host', 2))", {"Host": 2}),
        ("intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))", {"a": 1}),
        ("contains(createObject('Host', 1), 'host')", True),
        ("first(createArray())", None),
        ("last('')", ""),
        ("take(createArray(1, 2), 9)", [1, 2]),
        ("skip(createArray(1, 2), -1)", [1, 2]),
        ("indexOf(createArray(1, 2), 3)", -1),
        ("indexOf('Oven', 'N')", 3),
        ("tryGet(createArray(1), 3)", None),
        ("tryGet(null(), 'a', 'b')", None),
        ("tryIndexFromEnd(createArray(1), 2)", None),
        ("empty(null())", True),
    ],
)
def test_corners(expression: str, expected: object) -> None:
    assert value(expression) == expected
