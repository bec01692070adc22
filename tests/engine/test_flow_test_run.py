"""`engine/flow_test_run.py`: what is told of a message that became something else than expected."""

import json
from typing import Any

import pytest
from tests.engine.plans import flow_plan

from tidegate.engine.flow_test_run import DIFFERENCES_MAX, Failure, differences, run_flow_test
from tidegate.flow.plan import FlowPlan
from tidegate.resources.flow_test import FlowTest
from tidegate.transform.spec import DatasetSpec, FilterSpec, HeaderSpec, MapSpec, TransformSpec

IDENTITY = MapSpec(inputs=("*",), output="*")
SPEC = TransformSpec(
    topic_template="out/${inputTopic.2}",
    filters=(FilterSpec(inputs=("t",), expression="$1 < 0"), FilterSpec(inputs=("t",), expression="$1 > 100")),
    maps=(IDENTITY, MapSpec(inputs=("t",), output="f", expression="$1 * 2")),
    headers=(HeaderSpec(action="AddOrReplace", key="line", value="7"),),
)


def plan(spec: TransformSpec = SPEC) -> FlowPlan:
    from dataclasses import replace

    return replace(flow_plan(), topic_filters=("$share/g/ovens/+",), transform=spec)


def ran(*messages: dict[str, Any], spec: TransformSpec = SPEC, **rest: Any) -> list[Failure]:
    document = {
        "apiVersion": "tidegate.dev/v1",
        "kind": "FlowTest",
        "metadata": {"name": "one"},
        "spec": {"messages": messages, **rest},
    }
    return run_flow_test(FlowTest.model_validate(document), plan(spec))


def sent(payload: object = None, **rest: Any) -> dict[str, Any]:
    return {"topic": "ovens/7", "payload": {"t": 21} if payload is None else payload, **rest}


@pytest.mark.parametrize(
    "step",
    [
        {"in": sent(), "out": {}},
        {"in": sent(), "out": {"topic": "out/7", "payload": {"f": 42.0, "t": 21}, "contentType": "application/json"}},
        {"in": sent(), "out": {"qos": 1, "retain": False, "userProperties": {"line": "7", "other": None}}},
        {"in": sent(), "out": {"payloadText": '{"t":21,"f":42}'}},
        {"in": sent(), "out": {"payloadBase64": "eyJ0IjoyMSwiZiI6NDJ9"}},
        {"in": sent({"t": -1}), "filtered": True},
        {"in": sent({"t": 101}), "filtered": 2},
        {"in": sent({"t": "x"}), "dropped": "processing"},
        {"in": sent({"t": "x"}), "dropped": "cannot compare"},
        {"in": {"topic": "presses/7"}, "dropped": "unsubscribed"},
        {"in": {"topic": "ovens/7", "payloadBase64": "/w=="}, "dropped": "no JSON"},
    ],
)
def test_what_is_as_expected(step: dict[str, Any]) -> None:
    assert ran(step) == []


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"in": sent(), "filtered": True}, "expected a filter to end it, and it came out on out/7: {"),
        ({"in": sent({"t": -1}), "filtered": 2}, "expected filter 2 to end it, and filter 1 did"),
        ({"in": sent({"t": -1}), "out": {}}, "expected it to come out, and filter 1 ended it"),
        (
            {"in": sent({"t": "x"}), "out": {}},
            "expected it to come out, and it was dropped (processing): filter rule 1",
        ),
        ({"in": sent({"t": "x"}), "dropped": "schema"}, "expected it to be dropped for `schema`, and it was dropped"),
        ({"in": {"topic": "presses/7"}, "out": {}}, "does not take the topic; it takes ovens/+"),
    ],
)
def test_what_became_something_else(step: dict[str, Any], sentence: str) -> None:
    (failure,) = ran({"in": sent(), "out": {}}, step)
    assert sentence in failure.sentence
    assert (failure.number, failure.differences) == (2, ())


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"topic": "x"}, ("topic", '"x"', '"out/7"')),
        ({"qos": 0}, ("qos", "0", "1")),
        ({"retain": True}, ("retain", "true", "false")),
        ({"contentType": None}, ("contentType", "nothing", '"application/json"')),
        ({"contentType": "text/plain"}, ("contentType", '"text/plain"', '"application/json"')),
        ({"userProperties": {"line": None}}, ("userProperties.line", "nothing", '"7"')),
        ({"userProperties": {"other": "x"}}, ("userProperties.other", '"x"', "nothing")),
        ({"payload": {"t": 21, "f": 43}}, ("payload.f", "43", "42")),
        ({"payload": {"t": 21}}, ("payload.f", "nothing", "42")),
        ({"payloadText": "x"}, ("payload", '"x"', '"{\\"t\\":21,\\"f\\":42}"')),
        ({"payloadBase64": "/w=="}, ("payload", "0xff", '"{\\"t\\":21,\\"f\\":42}"')),
    ],
)
def test_differences_are_told_one_by_one(expected: dict[str, Any], told: tuple[str, str, str]) -> None:
    (failure,) = ran({"in": sent(), "out": expected})
    assert [(each.path, each.expected, each.found) for each in failure.differences] == [told]


def test_a_payload_that_is_no_json() -> None:
    (failure,) = ran(
        {"in": {"topic": "ovens/7", "payloadText": "x"}, "out": {"payload": {}}}, spec=TransformSpec(topic_template="o")
    )
    assert failure.differences[0].found == '"x", which is no JSON'


@pytest.mark.parametrize(
    ("expected", "found", "paths"),
    [
        (1, 1.0, []),
        (1, True, ["p"]),
        (False, 0, ["p"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ([1, [2]], [1, [3], 4], ["p[1][0]", "p[2]"]),
        ({"a": {"b": None}}, {"a": {}}, ["p.a.b"]),
        ([], {}, ["p"]),
        (2**70, 2**70, []),
    ],
)
def test_json_is_compared_by_value(expected: object, found: object, paths: list[str]) -> None:
    assert [each.path for each in differences(expected, found, "p")] == paths


def test_no_content_type_may_be_expected() -> None:
    assert ran({"in": sent(), "out": {"contentType": None}}, spec=TransformSpec(topic_template="o")) == []


@pytest.mark.parametrize("payload", ["[" * 900 + "]" * 900, '{"x": "' + "y" * 9_000 + '"}'])
def test_what_is_shown_of_a_payload_is_cut(payload: str) -> None:
    steps = [{"in": {"topic": "ovens/7", "payloadText": payload}, "out": {"payload": 1}}]
    (failure,) = ran(*steps, spec=TransformSpec(topic_template="o"))
    assert len(failure.differences[0].found) < 300
    steps = [{"in": {"topic": "ovens/7", "payloadText": payload}, "filtered": True}]
    (failure,) = ran(*steps, spec=TransformSpec(topic_template="o"))
    assert len(failure.sentence) < 400


def test_records_of_data_sets_hold_lists() -> None:
    spec = TransformSpec(
        topic_template="o",
        datasets=(DatasetSpec(key="limits", name="limits", inputs=("t", "$context.t"), expression="$1 == $2"),),
        maps=(MapSpec(inputs=("$context(limits).of",), output="most", expression="max($1)"),),
    )
    steps = [{"in": sent({"t": 1}), "out": {"payload": {"most": 7}}}]
    assert ran(*steps, spec=spec, dataSets={"limits": ({"t": 1, "of": (3, 7)},)}) == []


def test_many_differences_are_cut() -> None:
    (failure,) = ran({"in": sent({str(number): 1 for number in range(99)} | {"t": 1}), "out": {"payload": {}}})
    assert len(failure.differences) == DIFFERENCES_MAX


def test_time_and_ids_are_those_of_the_test() -> None:
    spec = TransformSpec(topic_template="o", cloud_events="CreateOrRemap", target_name="cloud")
    wanted = {"id": "id-1", "time": "2026-03-01T10:00:00.000Z", "source": "aio://cloud"}
    again = wanted | {"id": "id-2"}
    steps = [{"in": sent(), "out": {"userProperties": each}} for each in (wanted, again)]
    assert ran(*steps, spec=spec, now="2026-03-01T11:00:00+01:00") == []


def test_messages_are_sent_in_order_to_one_flow() -> None:
    spec = TransformSpec(topic_template="o", maps=(MapSpec(inputs=("t ? $last",), output="t"),))
    steps = [
        {"in": sent({"t": 1}), "out": {"payload": {"t": 1}}},
        {"in": sent({}), "out": {"payload": {"t": 1}}},
    ]
    assert ran(*steps, spec=spec) == []
    assert json.dumps(steps)
