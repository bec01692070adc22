"""`transform/trace.py`: what is told of a message is what a data flow does with it."""

import json

import pytest
from tests.transform.transforms import NOW, transformed

from tidegate.message import Message
from tidegate.transform.spec import (
    DatasetSpec,
    Dropped,
    Filtered,
    FilterSpec,
    HeaderSpec,
    MapSpec,
    TransformSpec,
)
from tidegate.transform.trace import STEPS_MAX, Step, Trace, trace

IDENTITY = MapSpec(inputs=("*",), output="*")


def traced(spec: TransformSpec, payload: object, **properties: object) -> Trace:
    message = Message("ovens/1", json.dumps(payload).encode(), 1, **properties)  # type: ignore[arg-type]
    snapshots = {"quality": [{"id": 1, "grade": "A"}, {"id": 2, "grade": "B"}]}
    found = trace(spec, message, NOW, new_id=lambda: "id-1", snapshots=snapshots)
    assert found.outcome == transformed(spec, message, snapshots)
    json.dumps(found.data())
    return found


def brief(step: Step) -> tuple[str, int, str, str | None, object]:
    return step.stage, step.number, step.effect, step.target, step.value


def test_a_payload_held_to_a_schema() -> None:
    spec = TransformSpec(topic_template="x", source_schema="aio-sr://n/a:1", payload_schema='{"required": ["a"]}')
    first, *_ = trace(spec, Message("t", b'{"a": 1}'), NOW, new_id=str).steps
    assert (first.stage, first.effect, first.detail) == ("schema", "passes", "the payload is as aio-sr://n/a:1 says")
    (only,) = trace(spec, Message("t", b"{}"), NOW, new_id=str).steps
    assert (only.stage, only.effect) == ("schema", "error")


def test_every_stage_is_told() -> None:
    spec = TransformSpec(
        topic_template="out/${inputTopic.2}",
        datasets=(
            DatasetSpec(key="quality", name="q", inputs=("$source.id", "$context(q).id"), expression="$1 == $2"),
        ),
        filters=(FilterSpec(inputs=("temperature",), expression="$1 < 10", description="too cold"),),
        maps=(
            IDENTITY,
            MapSpec(inputs=("temperature",), output="fahrenheit", expression="$1 * 2"),
            MapSpec(inputs=("secret",), output=""),
            MapSpec(inputs=("$context(q).grade",), output="grade"),
            MapSpec(inputs=("absent",), output="never"),
        ),
        headers=(
            HeaderSpec(action="AddIfNotPresent", key="line", value="7"),
            HeaderSpec(action="AddOrReplace", key="line", value="8"),
            HeaderSpec(action="Remove", key="line"),
            HeaderSpec(action="Remove", key="line"),
        ),
        cloud_events="CreateOrRemap",
        target_name="cloud",
    )
    found = traced(spec, {"temperature": 20, "secret": "x", "id": 2})
    assert [brief(each) for each in found.steps[:10]] == [
        ("data set", 1, "found", "$context(q)", {"id": 2, "grade": "B"}),
        ("filter", 1, "passes", None, False),
        ("map", 1, "written", "temperature", 20),
        ("map", 1, "gives way", "secret", None),
        ("map", 1, "written", "id", 2),
        ("map", 2, "written", "fahrenheit", 40),
        ("map", 3, "removed", "secret", None),
        ("map", 4, "written", "grade", "B"),
        ("map", 5, "nothing", "never", None),
        ("topic", 1, "written", None, "out/1"),
    ]
    assert [(each.stage, each.effect, each.detail) for each in found.steps[10:]] == [
        ("cloud events", "written", "cloudEventAttributes is CreateOrRemap"),
        ("header", "written", "AddIfNotPresent"),
        ("header", "written", "AddOrReplace"),
        ("header", "removed", "Remove"),
        ("header", "nothing", "Remove"),
    ]
    assert found.steps[1].description == "too cold"
    assert [each.data() for each in found.steps[8].inputs] == [{"path": "absent", "missing": True}]
    assert found.steps[0].inputs[0].value == 2


@pytest.mark.parametrize(("filter_true", "ends"), [("drop", True), ("pass", False)])
def test_a_filter_that_ends_the_message_is_the_last_step(filter_true: str, ends: bool) -> None:
    filters = (FilterSpec(inputs=("a",), expression="$1 > 1"), FilterSpec(inputs=("a",), expression="$1 > 0"))
    spec = TransformSpec(topic_template="x", filters=filters, filter_true=filter_true)  # type: ignore[arg-type]
    found = traced(spec, {"a": 2})
    if ends:
        assert [brief(each) for each in found.steps] == [("filter", 1, "drops", None, True)]
        assert found.outcome == Filtered(0)
        assert found.data()["filtered"] == {"rule": 1}
    else:
        assert [each.effect for each in found.steps] == ["passes", "passes", "written"]


@pytest.mark.parametrize(
    ("spec", "payload", "stage", "said"),
    [
        (
            TransformSpec(topic_template="x", filters=(FilterSpec(inputs=("a",), expression="$1"),)),
            {"a": 1},
            "filter",
            "true or false",
        ),
        (
            TransformSpec(topic_template="x", filters=(FilterSpec(inputs=("b",), expression="$1"),)),
            {"a": 1},
            "filter",
            "missing",
        ),
        (
            TransformSpec(topic_template="x", maps=(MapSpec(inputs=("a",), output="b", expression="$1 + true"),)),
            {"a": 1},
            "map",
            "map rule 1",
        ),
        (TransformSpec(topic_template="x", maps=(IDENTITY,)), [1], "payload", "no object"),
        (TransformSpec(topic_template="x/${inputTopic.9}"), {}, "topic", "inputTopic"),
        (
            TransformSpec(
                topic_template="x", datasets=(DatasetSpec(key="none", name="n", inputs=(), expression="true"),)
            ),
            {},
            "data set",
            "not been loaded",
        ),
    ],
)
def test_what_goes_wrong_is_the_last_step(spec: TransformSpec, payload: object, stage: str, said: str) -> None:
    found = traced(spec, payload)
    assert isinstance(found.outcome, Dropped)
    last = found.steps[-1]
    assert (last.stage, last.effect) == (stage, "error")
    assert said in last.detail


def test_a_schema_that_conflicts_ends_it_before_any_rule() -> None:
    spec = TransformSpec(topic_template="x", source_schema="aio-sr://n/a:1", maps=(IDENTITY,))
    found = traced(spec, {"a": 1}, user_properties=(("dataschema", "aio-sr://n/b:1"),))
    assert [each.stage for each in found.steps] == ["schema"]
    assert found.data()["dropped"]["reason"] == "schema"


def test_a_specific_rule_is_written_in_the_place_of_the_wildcard() -> None:
    spec = TransformSpec(
        topic_template="x",
        maps=(
            IDENTITY,
            MapSpec(inputs=("a",), output="a", expression="$1 + 1"),
            MapSpec(inputs=("none.*",), output="n.*"),
        ),
    )
    found = traced(spec, {"a": 1})
    assert [(each.number, each.effect, each.value) for each in found.steps[:3]] == [
        (1, "gives way", None),
        (2, "written", 2),
        (3, "nothing", None),
    ]
    assert "map rule 2" in found.steps[0].detail


def test_many_fields_are_counted_and_not_all_told() -> None:
    spec = TransformSpec(topic_template="x", maps=(IDENTITY,))
    found = traced(spec, {f"f{number}": number for number in range(STEPS_MAX + 5)})
    assert len(found.steps) == STEPS_MAX + 1
    assert found.steps[STEPS_MAX - 1].more == 5


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"{}", {"payload": {}}),
        (b"21", {"payload": 21}),
        (b"x y", {"payloadText": "x y"}),
        (b"\xff", {"payloadBase64": "/w=="}),
    ],
)
def test_payloads_are_told_as_what_they_are(payload: bytes, told: dict[str, object]) -> None:
    message = Message("a", payload, content_type="t", user_properties=(("k", "v"),))
    found = trace(TransformSpec(topic_template="x"), message, NOW, new_id=lambda: "id-1")
    rest = {"topic": "a", "qos": 0, "retain": False, "contentType": "t", "userProperties": [["k", "v"]]}
    assert found.data()["received"] == rest | told
