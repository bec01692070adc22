"""The syntax of paths, roots and suffixes (facts 3.2 and 3.4)."""

import pytest

from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.paths import (
    MISSING,
    PATH_CHARACTERS_MAX,
    SEGMENTS_MAX,
    Path,
    Reference,
    Root,
    parse_output,
    parse_reference,
)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("Person.Address.Street", ("Person", "Address", "Street")),
        ("Person.Date of Birth", ("Person", "Date of Birth")),
        ('Payload."Tag.10".Value', ("Payload", "Tag.10", "Value")),
        (
            'Payload."Tag.10".Measurements."Vibration.$12".Value',
            ("Payload", "Tag.10", "Measurements", "Vibration.$12", "Value"),
        ),
        ('Payload.He said: "No. It is done"', ("Payload", 'He said: "No', ' It is done"')),
        ("'Tag.10'.Value", ("Tag.10", "Value")),
        ('"a"."b"', ("a", "b")),
        ("$source.a.b", ("a", "b")),
        ('@"Tag 10".Value', ("Tag 10", "Value")),
        ("  a.b  ", ("a", "b")),
        ('"$id"', ("$id",)),
        ("a?", ("a?",)),
    ],
)
def test_fields(text: str, segments: tuple[str, ...]) -> None:
    path = parse_reference(text).path
    assert (path.root, path.segments, path.wildcard) == (Root.PAYLOAD, segments, None)


@pytest.mark.parametrize(
    ("text", "segments", "wildcard"),
    [("*", ("*",), 0), ("a.*", ("a", "*"), 1), ("*.Max", ("*", "Max"), 0), ("a.*.b", ("a", "*", "b"), 1)],
)
def test_wildcards(text: str, segments: tuple[str, ...], wildcard: int) -> None:
    assert parse_output(text) == Path(text, Root.PAYLOAD, segments, wildcard)


def test_a_quoted_star_is_a_name() -> None:
    assert parse_reference('a."*"').path.wildcard is None
    assert parse_reference('"5*2"').path.segments == ("5*2",)


@pytest.mark.parametrize(
    ("text", "root", "key", "segments"),
    [
        ("$metadata.topic", Root.TOPIC, None, ()),
        ("@$metadata.topic", Root.TOPIC, None, ()),
        ("$metadata.user_property.unit", Root.USER_PROPERTY, "unit", ()),
        ("$metadata.user_properties.unit", Root.USER_PROPERTY, "unit", ()),
        ('$metadata.user_property."weird.key"', Root.USER_PROPERTY, "weird.key", ()),
        ("$metadata.system_property.content_type", Root.CONTENT_TYPE, None, ()),
        ("$context(limits).max", Root.CONTEXT, "limits", ("max",)),
        ("$context( limits ).a.b", Root.CONTEXT, "limits", ("a", "b")),
        ("$context.a", Root.CONTEXT, None, ("a",)),
    ],
)
def test_roots(text: str, root: Root, key: str | None, segments: tuple[str, ...]) -> None:
    path = parse_reference(text).path
    assert (path.root, path.key, path.segments) == (root, key, segments)
    assert path.is_metadata is (root not in (Root.PAYLOAD, Root.CONTEXT))


@pytest.mark.parametrize(
    ("text", "path", "uses_last", "default"),
    [
        ("a ? $last", "a", True, MISSING),
        ("a?$LAST", "a", True, MISSING),
        ("a ?? 0", "a", False, 0),
        ("a ?? -1.5", "a", False, -1.5),
        ("a ?? 1e3", "a", False, 1000.0),
        ("a ?? -9223372036854775808", "a", False, -(2**63)),
        ("a ?? null", "a", False, None),
        ("a ?? true", "a", False, True),
        ('a ?? "x"', "a", False, "x"),
        ("a.b ?? 'x y'", "a.b", False, "x y"),
        ("a ? $last ?? 0", "a", True, 0),
        ('"a ?? 0"', '"a ?? 0"', False, MISSING),
    ],
)
def test_suffixes(text: str, path: str, uses_last: bool, default: object) -> None:
    found = parse_reference(text)
    assert found == Reference(parse_reference(path).path, uses_last, default)  # type: ignore[arg-type]  # a literal
    assert type(found.default) is type(default)


def test_outputs() -> None:
    assert parse_output("") is None and parse_output("  ") is None
    assert parse_output("a.b") == Path("a.b", Root.PAYLOAD, ("a", "b"))
    assert parse_output("$metadata.user_property.k") == Path("$metadata.user_property.k", Root.USER_PROPERTY, key="k")


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("", "the path is empty", (0, 1)),
        ("@", "the path is empty", (0, 1)),
        ("a..b", "the path has an empty segment", (2, 1)),
        ("a.", "the path has an empty segment", (1, 1)),
        (".a", "the path has an empty segment", (0, 1)),
        ('a."b', 'the quote " is not closed', (2, 2)),
        ('"a"b', "a quoted segment ends with its quote", (3, 1)),
        ("*.*", "a path has at most one `*`", (2, 1)),
        ("a.par*.b", "`par*` holds a `*`", (2, 4)),
        ("$sauce.a", "`$sauce` is no place to begin", (0, 6)),
        ("$source", "`$source` is followed by a point and a field", (0, 7)),
        ("$context()", "`$context()` names no data set", (0, 10)),
        ("$context(x)", "`$context(x)` is followed by a point and a field", (0, 11)),
        ("$metadata.qos", "`$metadata.qos` is no property of an MQTT message", (0, 13)),
        ("$metadata.header.x", "`$metadata.header.x` is no property of an MQTT message", (0, 18)),
        ("$metadata.user_property.a.b", "the key of a user property is one name", (24, 3)),
        ("$metadata.user_property.*", "a `*` stands for fields, and not for user properties", (24, 1)),
        ("$metadata.user_property", "`$metadata.user_property` names no user property", (0, 23)),
        ("a ?? 9223372036854775808", "the number 9223372036854775808 is outside of 64 bits", (5, 19)),
        ("a ?? -9223372036854775809", "the number -9223372036854775809 is outside of 64 bits", (5, 20)),
        ("a ?? 1e999", "the number 1e999 is beyond that of a float", (5, 5)),
        ("a ?? oven", "what follows `?` is not understood", (2, 7)),
        ("a ? $lost", "what follows `?` is not understood", (2, 7)),
        (
            "a" * (PATH_CHARACTERS_MAX + 1),
            f"the path has {PATH_CHARACTERS_MAX + 1} characters; allowed are {PATH_CHARACTERS_MAX}",
            (0, PATH_CHARACTERS_MAX + 1),
        ),
        (
            ".".join("a" * (SEGMENTS_MAX + 1)),
            f"the path has {SEGMENTS_MAX + 1} segments; allowed are {SEGMENTS_MAX}",
            (0, 2 * SEGMENTS_MAX + 1),
        ),
    ],
)
def test_what_does_not_parse(text: str, message: str, at: tuple[int, int]) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_reference(text)
    assert (caught.value.message, (caught.value.offset, caught.value.length)) == (message, at)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$context(x).a", "a record of a data set cannot be written"),
        ("$metadata.system_property.content_type", "the content type cannot be written; it follows from the output"),
        ("a ?? 0", "an output has neither a default nor a last value"),
    ],
)
def test_outputs_that_cannot_be_written(text: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        parse_output(text)
