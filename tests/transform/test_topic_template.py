"""The destination topic made from the source topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.mqtt.topics import topic_error
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.topic_template import Unresolvable, parse


@pytest.mark.parametrize(
    ("template", "topic", "expected"),
    [
        ("static/topic", "any", "static/topic"),
        ("${inputTopic}", "a/b/c", "a/b/c"),
        ("${inputTopic}", "/a/", "/a/"),
        ("copy/${inputTopic}", "a/b", "copy/a/b"),
        ("processed/factory/${inputTopic.2}", "factory/1/data", "processed/factory/1"),
        ("${inputTopic.3}/${inputTopic.1}", "a/b/c", "c/a"),
        ("line-${inputTopic.2}-${inputTopic.1}/x", "a/b", "line-b-a/x"),
        ("${inputTopic.1}", "/a/b/", "a"),
        ("x/${inputTopic.2}", "a//b", "x/"),
        ("factory/$inputTopic.2", "a/b", "factory/$inputTopic.2"),
        ("$aws/rules/${inputTopic.2}", "a/b", "$aws/rules/b"),
        ("$aws/rules/${inputTopic}", "$x/b", "$aws/rules/$x/b"),
        ("$static", "a", "$static"),
        ("a}b", "c", "a}b"),
        ("${inputTopic.0002}", "a/b", "b"),
        ("${inputTopic}", "Größe/温度", "Größe/温度"),
    ],
)
def test_resolving(template: str, topic: str, expected: str) -> None:
    assert parse(template).compile()(topic, None) == expected


@pytest.mark.parametrize(
    ("template", "topic", "detail"),
    [
        ("x/${inputTopic.3}", "a/b", "`${inputTopic.3}` asks for segment 3, and the source topic `a/b` has 2"),
        (
            "${inputTopic.1}",
            "$SYS/x",
            "the topic '$SYS' cannot be used: a topic made from a message does not begin with `$`, which is the server's own",
        ),
        (
            "$${inputTopic.1}/x",
            "a",
            "the topic '$a/x' cannot be used: a topic made from a message does not begin with `$`, which is the server's own",
        ),
        ("${inputTopic.1}", "/", "the topic '' cannot be used: a topic name has at least one character"),
        (
            "x/${inputTopic.1}",
            "a\x01",
            "the topic 'x/a\\x01' cannot be used: it holds the character U+0001, "
            "for which a server may close the connection",
        ),
    ],
)
def test_promise_10_no_topic_can_be_made(template: str, topic: str, detail: str) -> None:
    assert parse(template).compile()(topic, None) == Unresolvable(detail)


def test_promise_17_a_topic_that_becomes_too_long_cannot_be_made() -> None:
    made = parse("prefix/${inputTopic}").compile()("a" * 65_530, None)
    assert isinstance(made, Unresolvable)
    assert made.detail.endswith("a topic name is at most 65535 bytes long, and this one is 65537")


@pytest.mark.parametrize(
    ("template", "message", "offset", "length"),
    [
        ("a/${inputTopic", "`${` is not closed by `}`", 2, 12),
        ("a/${", "`${` is not closed by `}`", 2, 2),
        ("${}", "`${}` is no variable", 0, 3),
        ("${inputTopic.}", "`${inputTopic.}` is no variable", 0, 14),
        ("${inputTopic.x}", "`${inputTopic.x}` is no variable", 0, 15),
        ("${ inputTopic }", "`${ inputTopic }` is no variable", 0, 15),
        ("${inputTopic.٣}", "`${inputTopic.٣}` is no variable", 0, 15),
        ("a/${inputTopic.0}", "segment 0 does not exist", 2, 15),
        ("${inputTopic.000}", "segment 000 does not exist", 0, 17),
        ("${inputTopic.123456}", "segment 123456 does not exist", 0, 20),
        ("a/+/b", "a destination topic has no `+`", 2, 1),
        ("a/#", "a destination topic has no `#`", 2, 1),
        ("a/${inputTopic}/#", "a destination topic has no `#`", 16, 1),
        ("a\0b", "a destination topic has no NUL", 1, 1),
        ("", "a destination topic has at least one character", 0, 1),
        ("a" * 65_536, "a topic name is at most 65535 bytes long, and this one is 65536", 0, 65_536),
        (
            "a\n${inputTopic}",
            "a destination topic cannot be sent: it holds the character U+000A, "
            "for which a server may close the connection",
            0,
            15,
        ),
    ],
)
def test_templates_that_do_not_parse(template: str, message: str, offset: int, length: int) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(template)
    assert (caught.value.message, caught.value.offset, caught.value.length) == (message, offset, length)
    assert str(caught.value) == message
    assert caught.value.hint or len(template) > 60_000 or "\n" in template


@pytest.mark.parametrize(
    ("template", "is_static"),
    [
        ("a/b", True),
        ("a/${inputTopic.2}/b", False),
        ("a-${inputTopic.2}/b", False),
        ("${inputTopic.1}", False),
        ("${inputTopic}", False),
        ("copy/${inputTopic}", False),
        ("copy/of-${inputTopic}", False),
        ("of-${inputTopic}", False),
        ("a/${inputTopic.1}/${inputTopic}", False),
    ],
)
def test_a_template_without_variables_is_static(template: str, is_static: bool) -> None:
    assert parse(template).is_static is is_static


PARTS = st.lists(
    st.sampled_from(["a", "b-", "/", "${inputTopic}", "${inputTopic.1}", "${inputTopic.2}", "$", "$x/"]), min_size=1
)
TOPICS = st.lists(st.sampled_from(["", "a", "$x", "c d"]), min_size=1, max_size=4).map("/".join).filter(bool)


@given(PARTS, TOPICS)
def test_promise_10_a_topic_that_is_made_is_a_topic_name(parts: list[str], topic: str) -> None:
    try:
        template = parse("".join(parts))
    except DeclarationError:
        return
    made = template.compile()(topic, None)
    if isinstance(made, str):
        assert topic_error(made) is None


def test_the_topic_that_the_map_writes() -> None:
    template = parse("factory/${outputTopic}/${inputTopic.1}")
    assert template.uses_output_topic and not template.is_static
    resolve = template.compile()
    assert resolve("a/b", "line/7") == "factory/line/7/a"
    assert resolve("a/b", None) == Unresolvable("`${outputTopic}` is asked for, and no rule wrote `$metadata.topic`")
    made = resolve("a/b", "line/#")
    assert isinstance(made, Unresolvable) and "cannot be used" in made.detail


@pytest.mark.parametrize(
    ("template", "prefix", "topic", "made"),
    [
        ("remote/${inputTopic}", "local/", "local/a/b", "remote/a/b"),
        ("${inputTopic.1}", "local/", "local/a/b", "a"),
        ("r${inputTopic}", "/a", "/abc", "rbc"),
        ("remote${inputTopic}", "local", "local", "remote"),
    ],
)
def test_variables_leave_out_a_prefix(template: str, prefix: str, topic: str, made: str) -> None:
    assert parse(template, prefix).compile()(topic, None) == made


def test_a_topic_without_the_prefix_makes_none() -> None:
    made = parse("remote/${inputTopic}", "local/").compile()("local", None)
    assert made == Unresolvable("the source topic `local` does not begin with `local/`, which is to be left out")
