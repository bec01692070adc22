"""One closure that turns a message into the one to publish, or drops it."""

import pytest
from msgspec.structs import replace

from tidegate.message import Message
from tidegate.transform import compiler
from tidegate.transform.compiler import compile_transform
from tidegate.transform.spec import Dropped, TransformSpec
from tidegate.transform.topic_template import TemplateError

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
    assert compile_transform(UNCHANGED)(MESSAGE) is MESSAGE
    assert compile_transform(TransformSpec(topic_template="plant/line"))(MESSAGE) is MESSAGE


def test_only_the_topic_changes() -> None:
    made = compile_transform(TransformSpec(topic_template="copy/${inputTopic.2}"))(MESSAGE)
    assert made == replace(MESSAGE, topic="copy/line")


def test_a_topic_that_cannot_be_made_drops_the_message() -> None:
    transform = compile_transform(TransformSpec(topic_template="${inputTopic.9}"))
    for _ in range(2):
        assert transform(MESSAGE) == Dropped(
            "topic", "`${inputTopic.9}` asks for segment 9, and the source topic `plant/line` has 2"
        )


def test_a_template_that_does_not_parse_does_not_compile() -> None:
    with pytest.raises(TemplateError):
        compile_transform(TransformSpec(topic_template="a/#"))


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
        assert compile_transform(TransformSpec(topic_template=template))(message) == Dropped("property", detail)


def test_empty_strings_may_travel() -> None:
    message = replace(MESSAGE, content_type="", user_properties=(("", ""),))
    assert compile_transform(UNCHANGED)(message) is message


def test_topics_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[str] = []

    class Counted:
        """A template that notes each time it is resolved."""

        def compile(self) -> "Counted":
            return self

        def __call__(self, topic: str) -> str:
            resolved.append(topic)
            return topic

    monkeypatch.setattr(compiler, "parse", lambda _: Counted())
    monkeypatch.setattr(compiler, "TOPICS_REMEMBERED_MAX", 3)
    transform = compile_transform(UNCHANGED)
    long = "x" * (compiler.REMEMBERED_TOPIC_CHARACTERS_MAX + 1)
    for topic in ("a", "a", "b", "c", "a", "d", "a", long, long):
        assert transform(Message(topic, b"")) == Message(topic, b"")
    assert resolved == ["a", "b", "c", "d", "a", long, long]
