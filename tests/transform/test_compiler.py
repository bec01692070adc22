"""One closure that turns a message into the one to publish, or drops it."""

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace
from tests.transform.transforms import compiled, transformed

from tidegate.message import Message
from tidegate.transform import compiler
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.spec import DatasetSpec, Dropped, Filtered, FilterSpec, HeaderSpec, MapSpec, TransformSpec

UNCHANGED = TransformSpec(topic_template="${inputTopic}")
MESSAGE = Message(
    "plant/line",
    b"on",
    1,
    True,
    1,
    60,
    "text/plain",
    "plant/answer",
    b"c",
    (("unit", "mm"), ("unit", "cm")),
)


def test_what_does_not_change_is_the_very_same_message() -> None:
    assert transformed(UNCHANGED, MESSAGE) is MESSAGE
    assert transformed(TransformSpec(topic_template="plant/line"), MESSAGE) is MESSAGE


def test_only_the_topic_changes() -> None:
    made = transformed(TransformSpec(topic_template="copy/${inputTopic.2}"), MESSAGE)
    assert made == replace(MESSAGE, topic="copy/line")


def test_a_topic_that_cannot_be_made_drops_the_message() -> None:
    transform = compiled(TransformSpec(topic_template="${inputTopic.9}"))
    for _ in range(2):
        assert transform(MESSAGE) == Dropped(
            "topic", "`${inputTopic.9}` asks for segment 9, and the source topic `plant/line` has 2"
        )


def test_a_payload_that_is_not_as_the_schema_says_ends_the_message() -> None:
    schema = '{"properties": {"t": {"maximum": 10}}, "required": ["t"]}'
    transform = compiled(
        TransformSpec(topic_template="o", source_schema="aio-sr://plant/oven:1", payload_schema=schema)
    )
    said = "the payload is not as aio-sr://plant/oven:1 says: "
    assert isinstance(transform(replace(MESSAGE, payload=b'{"t": 10}')), Message)
    for payload, detail in (
        (b'{"t": 11}', "`t`: the value is greater than the maximum of 10"),
        (b"{}", '"t" is a required property'),
        (b"on", "the payload is no JSON: JSON is malformed: invalid character (byte 0)"),
    ):
        assert transform(replace(MESSAGE, payload=payload)) == Dropped("invalid", said + detail)


def test_a_conflict_of_schemas_is_found_before_a_payload_is_looked_at() -> None:
    spec = TransformSpec(topic_template="o", source_schema="aio-sr://plant/oven:1", payload_schema='{"type": "object"}')
    message = replace(MESSAGE, user_properties=(("dataschema", "aio-sr://plant/oven:2"),))
    outcome = transformed(spec, message)
    assert isinstance(outcome, Dropped) and outcome.reason == "schema"


def test_a_template_that_does_not_parse_does_not_compile() -> None:
    with pytest.raises(DeclarationError):
        compiled(TransformSpec(topic_template="a/#"))


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        (
            replace(MESSAGE, content_type="a\0"),
            "the content type cannot be sent: it holds the character U+0000, for which a server may close the connection",
        ),
        (
            replace(MESSAGE, response_topic="a\x7f"),
            "the response topic cannot be sent: it holds the character U+007F, "
            "for which a server may close the connection",
        ),
        (
            replace(MESSAGE, response_topic="a/+"),
            "the response topic cannot be sent: a topic name has no wildcard, `+` or `#`",
        ),
        (
            replace(MESSAGE, response_topic=""),
            "the response topic cannot be sent: a topic name has at least one character",
        ),
        (
            replace(MESSAGE, user_properties=(("a", "b"), ("a\ufffe", "b"))),
            "a user property cannot be sent: it holds the character U+FFFE, for which a server may close the connection",
        ),
        (
            replace(MESSAGE, user_properties=(("a", "\n"),)),
            "a user property cannot be sent: it holds the character U+000A, for which a server may close the connection",
        ),
        (
            Message("plant/line", b"", payload_format_indicator=2),
            "the payload format indicator is 2, and MQTT knows 0 and 1",
        ),
    ],
)
def test_a_property_that_a_server_may_close_the_connection_for_drops_the_message(message: Message, detail: str) -> None:
    for template in ("${inputTopic}", "static"):
        assert transformed(TransformSpec(topic_template=template), message) == Dropped("property", detail)


def test_empty_strings_may_travel() -> None:
    message = replace(MESSAGE, content_type="", user_properties=(("", ""),))
    assert transformed(UNCHANGED, message) is message


def test_topics_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []

    class Counted:
        """A template that notes each time it is resolved."""

        uses_output_topic = False

        def compile(self) -> "Counted":
            return self

        def __call__(self, topic: str, _: str | None) -> str:
            resolved.append(topic)
            return topic

    monkeypatch.setattr(compiler, "parse", lambda *_: Counted())
    monkeypatch.setattr(compiler, "TOPICS_REMEMBERED_MAX", 3)
    transform = compiled(UNCHANGED)
    long = "x" * (compiler.REMEMBERED_TOPIC_CHARACTERS_MAX + 1)
    for topic in ("a", "a", "b", "c", "a", "d", "a", long, long):
        assert transform(Message(topic, b"")) == Message(topic, b"")
    assert resolved == ["a", "b", "c", "d", "a", long, long]


ROUTED = TransformSpec(
    topic_template="out/${outputTopic}",
    filters=(FilterSpec(inputs=("t.C",), expression="$1 > 200"),),
    maps=(
        MapSpec(inputs=("*",), output="*"),
        MapSpec(inputs=("t.C",), output="tempF", expression="cToF($1)"),
        MapSpec(inputs=("door",), output=""),
        MapSpec(inputs=("$metadata.topic",), output="$metadata.user_property.origin"),
        MapSpec(inputs=("id",), output="$metadata.topic"),
        MapSpec(inputs=("x",), output="$metadata.user_property.unit"),
    ),
    headers=(HeaderSpec(action="AddIfNotPresent", key="site", value="one"),),
    cloud_events="Propagate",
)
OVEN = Message(
    "line/7/oven", b'{"t":{"C":180},"door":"open","id":"x1"}', 1, user_properties=(("unit", "C"), ("unit", "K"))
)


def test_all_stages_in_their_order() -> None:
    made = transformed(ROUTED, OVEN)
    assert isinstance(made, Message)
    assert made.payload == b'{"t":{"C":180},"id":"x1","tempF":356.0}'
    assert (made.topic, made.content_type, made.payload_format_indicator) == ("out/x1", "application/json", 1)
    assert made.user_properties == (("origin", "line/7/oven"), ("site", "one"))


def test_what_ends_a_message() -> None:
    assert transformed(ROUTED, replace(OVEN, payload=b'{"t":{"C":201}}')) == Filtered(0)
    dropped = transformed(ROUTED, replace(OVEN, payload=b"no JSON"))
    assert isinstance(dropped, Dropped) and dropped.reason == "processing"
    dropped = transformed(ROUTED, replace(OVEN, payload=b'{"t":{"C":1}}'))
    assert dropped == Dropped("topic", "`${outputTopic}` is asked for, and no rule wrote `$metadata.topic`")


def test_a_payload_that_no_rule_reads_is_never_decoded() -> None:
    spec = replace_spec(maps=(), filters=(FilterSpec(inputs=("$metadata.topic",), expression='$1 == "secret"'),))
    message = replace(OVEN, payload=b"no JSON")
    assert transformed(spec, message) is message
    assert transformed(spec, replace(message, topic="secret")) == Filtered(0)
    spec = replace_spec(
        filters=(),
        maps=(
            MapSpec(inputs=(), output="kind", expression='"alert"'),
            MapSpec(inputs=("$metadata.topic",), output="from"),
            MapSpec(inputs=("$metadata.topic",), output="$metadata.topic"),
        ),
    )
    made = transformed(spec, message)
    assert isinstance(made, Message) and made.payload == b'{"kind":"alert","from":"line/7/oven"}'


def test_a_message_with_another_schema_is_dropped() -> None:
    spec = replace_spec(source_schema="aio-sr://n/oven:1")
    same = replace(OVEN, user_properties=(("dataschema", "aio-sr://n/oven:1"),))
    assert transformed(spec, same) is same and transformed(spec, OVEN) is OVEN
    other = transformed(spec, replace(OVEN, user_properties=(("dataschema", "aio-sr://n/oven:2"),)))
    assert isinstance(other, Dropped) and other.reason == "schema" and other.detail.startswith("conflicting schema")


def test_promises_16_and_17_a_deep_payload_is_dropped_whatever_its_depth() -> None:
    spec = replace_spec(maps=(MapSpec(inputs=("*",), output="*"),))
    for depth in (10, 500, 900, 1_000, 100_000):
        made = transformed(spec, replace(OVEN, payload=b'{"a":' * depth + b"1" + b"}" * depth))
        assert isinstance(made, Message) or (isinstance(made, Dropped) and made.reason == "processing")


def test_records_of_data_sets_reach_the_rules() -> None:
    dataset = DatasetSpec(key="names", name="n", inputs=("id", "$context(n).id"), expression="$1 == $2")
    spec = replace_spec(datasets=(dataset,), maps=(MapSpec(inputs=("$context(n).name",), output="name"),))
    made = transformed(spec, OVEN, {"names": [{"id": "x1", "name": "the oven"}]})
    assert isinstance(made, Message) and made.payload == b'{"name":"the oven"}'
    assert isinstance(transformed(spec, OVEN), Dropped)


def replace_spec(**changes: Any) -> TransformSpec:
    return dataclasses.replace(UNCHANGED, **changes)
