"""Which record of a data set applies (facts 3.11)."""

from typing import Any

import pytest

from tidegate.message import Message
from tidegate.transform.enrich import Snapshots, compile_enrich, context_names, own_names
from tidegate.transform.spec import DatasetSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View

RECORDS: list[dict[str, Any]] = [
    {"asset": "oven", "max": 200},
    {"asset": "oven", "max": 300},
    {"asset": "mill", "max": 20},
    {"max": 1},
]
EQUAL = DatasetSpec(key="limits", name="l", inputs=("$source.asset", "$context(l).asset"), expression="$1 == $2")


def found(payload: str, spec: DatasetSpec, snapshots: Snapshots | None = None) -> Any:
    view = View(Message("t", payload.encode()))
    compile_enrich((spec,), {"limits": RECORDS} if snapshots is None else snapshots)(view)
    return view.records[spec.name]


@pytest.mark.parametrize(
    ("inputs", "expression"),
    [
        (("$source.asset", "$context(l).asset"), "$1 == $2"),
        (("$context(limits).asset", "asset"), "$1 == $2"),
        (("asset", "$context.asset"), "$2 == $1"),
        (("asset", "$context.asset"), "$2 == $1 && true"),
    ],
)
def test_the_first_record_for_which_the_condition_is_true(inputs: tuple[str, ...], expression: str) -> None:
    spec = DatasetSpec(key="limits", name="l", inputs=inputs, expression=expression)
    assert found('{"asset": "oven"}', spec) == RECORDS[0]
    assert found('{"asset": "mill"}', spec) == RECORDS[2]
    assert found('{"asset": "saw"}', spec) is None
    assert found("{}", spec) == RECORDS[3]
    assert found('{"asset": ["oven"]}', spec) is None


def test_types_count_in_the_index_too() -> None:
    spec = DatasetSpec(key="limits", name="l", inputs=("n", "$context.n"), expression="$1 == $2")
    records: list[dict[str, Any]] = [{"n": 1.0}, {"n": True}, {"n": 1}]
    assert found('{"n": 1}', spec, {"limits": records}) == {"n": 1}
    assert found('{"n": true}', spec, {"limits": records}) is records[1]


def test_a_field_that_is_no_primitive_is_looked_at_one_by_one() -> None:
    spec = DatasetSpec(key="limits", name="l", inputs=("n", "$context.n"), expression="$1 == $2")
    records: list[dict[str, Any]] = [{"n": [1, 2]}, {"n": 3}, {"n": {"x": 1}}]
    assert found('{"n": [1, 2]}', spec, {"limits": records}) == records[0]
    assert found('{"n": 3}', spec, {"limits": records}) == records[1]
    with pytest.raises(EvaluationError, match="data set `limits`: an object cannot be used"):
        found('{"n": 4}', spec, {"limits": records})


def test_a_new_snapshot_is_used() -> None:
    snapshots: dict[str, list[dict[str, Any]]] = {"limits": [{"asset": "oven", "max": 1}]}
    enrich = compile_enrich((EQUAL,), snapshots)
    view = View(Message("t", b'{"asset": "oven"}'))
    enrich(view)
    snapshots["limits"] = [{"asset": "oven", "max": 2}]
    other = View(Message("t", b'{"asset": "oven"}'))
    enrich(other)
    assert (view.records["l"], other.records["l"]) == ({"asset": "oven", "max": 1}, {"asset": "oven", "max": 2})


@pytest.mark.parametrize(
    ("spec", "snapshots", "detail"),
    [
        (EQUAL, {}, "the data set `limits` has not been loaded"),
        (
            DatasetSpec(key="limits", name="l", inputs=("asset", "$context.max"), expression="$1 > $2"),
            None,
            "data set `limits`: `>` cannot compare a string with an int",
        ),
        (
            DatasetSpec(key="limits", name="l", inputs=("$context.max",), expression="$1"),
            None,
            "data set `limits`: a condition is true or false, and this is of type int",
        ),
    ],
)
def test_what_has_no_record(spec: DatasetSpec, snapshots: Snapshots | None, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        found('{"asset": "oven"}', spec, snapshots)
    assert caught.value.detail.startswith(detail)


def test_a_data_set_goes_by_its_name_and_by_its_key_where_that_means_no_other() -> None:
    assert context_names([("limits", "l"), ("assets", "assets")]) == [("l", "limits"), ("assets",)]
    assert context_names([("limits", "a"), ("limits", "b")]) == [("a",), ("b",)]
    assert context_names([("a", "b"), ("c", "a")]) == [("b",), ("a", "c")]


def test_in_its_condition_a_data_set_is_meant_by_its_key_unless_that_is_the_name_of_another() -> None:
    assert own_names([("limits", "a"), ("limits", "b")], 1) == ("b", "limits")
    assert own_names([("a", "b"), ("c", "a")], 0) == ("b",)


def test_rules_find_the_record_by_both_names_and_a_later_data_set_reads_it() -> None:
    assets = DatasetSpec(
        key="assets", name="assets", inputs=("$context(l).asset", "$context.id"), expression="$1 == $2"
    )
    view = View(Message("t", b'{"asset": "mill"}'))
    compile_enrich((EQUAL, assets), {"limits": RECORDS, "assets": [{"id": "oven"}, {"id": "mill", "line": 7}]})(view)
    assert view.records == {"l": RECORDS[2], "limits": RECORDS[2], "assets": {"id": "mill", "line": 7}}
