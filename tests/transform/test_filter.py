"""Conditions that end messages, in both polarities (facts 3.3)."""

from typing import Literal

import pytest

from tidegate.message import Message
from tidegate.transform.filter import compile_conditions, compile_filter
from tidegate.transform.spec import Filtered, FilterSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View

HOT = FilterSpec(inputs=("t",), expression="$1 > 20", description="hot")
DAMP = FilterSpec(inputs=("h",), expression="$1 > 50")


def judge(payload: bytes, *filters: FilterSpec, true: Literal["drop", "pass"] = "drop") -> Filtered | None:
    return compile_filter(filters, true, last_per_topic=False)(View(Message("t", payload)))


def test_a_true_condition_drops_and_one_is_enough() -> None:
    assert judge(b'{"t": 21}', HOT) == Filtered(0)
    assert judge(b'{"t": 20}', HOT) is None
    assert judge(b'{"t": 20, "h": 51}', HOT, DAMP) == Filtered(1)
    assert judge(b'{"t": 20, "h": 50}', HOT, DAMP) is None


def test_the_older_reading_passes_what_is_true_for_all() -> None:
    assert judge(b'{"t": 21}', HOT, true="pass") is None
    assert judge(b'{"t": 20}', HOT, true="pass") == Filtered(0)
    assert judge(b'{"t": 21, "h": 50}', HOT, DAMP, true="pass") == Filtered(1)


def test_the_first_that_decides_is_the_last_that_is_read() -> None:
    assert judge(b'{"t": 21}', HOT, DAMP) == Filtered(0)


@pytest.mark.parametrize(
    ("payload", "expression", "detail"),
    [
        (b"{}", "$1 > 20", "filter rule 1 (hot): the input $1 is missing"),
        (b'{"t": "21"}', "$1 > 20", "filter rule 1 (hot): `>` cannot compare a string with an int"),
        (b'{"t": 1}', "$1 + 1", "filter rule 1 (hot): a condition is true or false, and this is of type int"),
        (b'{"t": null}', "$1", "filter rule 1 (hot): a condition is true or false, and this is of type empty"),
        (b"no JSON", "$1", "filter rule 1 (hot): the payload is no JSON"),
    ],
)
def test_what_has_no_verdict(payload: bytes, expression: str, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        judge(payload, FilterSpec(inputs=("t",), expression=expression, description="hot"))
    assert caught.value.detail.startswith(detail)


def test_conditions_by_themselves() -> None:
    hot, damp = compile_conditions((HOT, DAMP), last_per_topic=False)
    view = View(Message("t", b'{"t": 21, "h": 1}'))
    assert (hot(view), damp(view)) == (True, False)
