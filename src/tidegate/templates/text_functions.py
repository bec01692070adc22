"""Functions of texts, a row each.

Knows what each takes and gives. Does not know expressions.
"""

import base64
import binascii
import json
from urllib.parse import quote, unquote, urljoin

from tidegate.templates.format_text import format_text
from tidegate.templates.function import TemplateFunction
from tidegate.templates.limits import TEXT_CHARACTERS_MAX
from tidegate.templates.template_error import TemplateError
from tidegate.templates.unique_string import name_based_uuid, unique_string
from tidegate.templates.values import Value, as_array, as_int, as_text, from_json, text_of, type_name

__all__ = ["TEXT_ROWS"]

_NOT_ESCAPED = "-_.~"


def _bounded(characters: int) -> None:
    if characters > TEXT_CHARACTERS_MAX:
        raise TemplateError(f"the text would be longer than {TEXT_CHARACTERS_MAX} characters")


def _base64(value: Value) -> Value:
    return base64.b64encode(as_text(value, "`base64`").encode("utf-8", "surrogatepass")).decode()


def _decoded(value: Value, name: str) -> str:
    try:
        return base64.b64decode(as_text(value, f"`{name}`"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TemplateError(f"`{name}` is given no text in base64") from error


def _base64_to_json(value: Value) -> Value:
    return from_json(_decoded(value, "base64ToJson"), "`base64ToJson`")


def _data_uri(value: Value) -> Value:
    content = as_text(value, "`dataUri`").encode("utf-8", "surrogatepass")
    return "data:text/plain;charset=utf8;base64," + base64.b64encode(content).decode()


def _data_uri_to_string(value: Value) -> Value:
    head, comma, content = as_text(value, "`dataUriToString`").partition(",")
    if not comma or not head.startswith("data:"):
        raise TemplateError("`dataUriToString` takes a data URI, which begins with `data:` and has a comma")
    return _decoded(content, "dataUriToString") if head.endswith(";base64") else unquote(content)


def _starts_with(value: Value, start: Value) -> Value:
    return as_text(value, "`startsWith`").lower().startswith(as_text(start, "`startsWith`").lower())


def _ends_with(value: Value, end: Value) -> Value:
    return as_text(value, "`endsWith`").lower().endswith(as_text(end, "`endsWith`").lower())


def _pad_left(value: Value, width: Value, character: Value = " ") -> Value:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TemplateError(f"`padLeft` takes a string or an int, and this is of type {type_name(value)}")
    length, padding = as_int(width, "`padLeft`"), as_text(character, "`padLeft`")
    _bounded(length)
    if len(padding) != 1:
        raise TemplateError("`padLeft` fills with one character")
    return str(value).rjust(max(length, 0), padding)


def _replace(value: Value, old: Value, new: Value) -> Value:
    text, found, put = (as_text(each, "`replace`") for each in (value, old, new))
    if not found:
        raise TemplateError("`replace` looks for an empty text")
    _bounded(len(text) + text.count(found) * (len(put) - len(found)))
    return text.replace(found, put)


def _split(value: Value, delimiters: Value) -> Value:
    text = as_text(value, "`split`")
    marks = [delimiters] if isinstance(delimiters, str) else as_array(delimiters, "`split`")
    parts = [text]
    for mark in marks:
        if mark == "":
            raise TemplateError("`split` has an empty delimiter")
        parts = [piece for part in parts for piece in part.split(as_text(mark, "`split`"))]
    return list(parts)


def _join(values: Value, delimiter: Value) -> Value:
    parts = [text_of(each) for each in as_array(values, "`join`")]
    between = as_text(delimiter, "`join`")
    _bounded(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _substring(value: Value, start: Value, length: Value = None) -> Value:
    text, first = as_text(value, "`substring`"), as_int(start, "`substring`")
    count = len(text) - first if length is None else as_int(length, "`substring`")
    if first < 0 or count < 0 or first + count > len(text):
        message = f"`substring` asks for {count} characters from {first} of a text with {len(text)}"
        raise TemplateError(message, "use `take` and `skip`, which take what is there")
    return text[first : first + count]


def _trim(value: Value) -> Value:
    return as_text(value, "`trim`").strip()


def _to_lower(value: Value) -> Value:
    return as_text(value, "`toLower`").lower()


def _to_upper(value: Value) -> Value:
    return as_text(value, "`toUpper`").upper()


def _string(value: Value) -> Value:
    return text_of(value)


def _json(value: Value) -> Value:
    return from_json(as_text(value, "`json`"), "`json`")


def _unique_string(*values: Value) -> Value:
    return unique_string([as_text(value, "`uniqueString`") for value in values])


def _guid(*values: Value) -> Value:
    return name_based_uuid([as_text(value, "`guid`") for value in values])


def _uri(base: Value, relative: Value) -> Value:
    return urljoin(as_text(base, "`uri`"), as_text(relative, "`uri`"))


def _uri_component(value: Value) -> Value:
    return quote(as_text(value, "`uriComponent`"), safe=_NOT_ESCAPED, errors="surrogatepass")


def _uri_component_to_string(value: Value) -> Value:
    return unquote(as_text(value, "`uriComponentToString`"))


def _row(signature: str, summary: str, example: str, result: Value, call: object) -> TemplateFunction:
    assert callable(call)
    return TemplateFunction("text", signature, summary, example, json.dumps(result), call)


TEXT_ROWS: tuple[TemplateFunction, ...] = (
    _row("base64(text)", "The text in base64.", "base64('oven')", "b3Zlbg==", _base64),
    _row("base64ToJson(text)", "What JSON in base64 says.", "base64ToJson('eyJhIjoxfQ==')", {"a": 1}, _base64_to_json),
    _row(
        "base64ToString(text)",
        "The text that stands in base64.",
        "base64ToString('b3Zlbg==')",
        "oven",
        lambda value: _decoded(value, "base64ToString"),
    ),
    _row(
        "dataUri(text)",
        "The text as a data URI.",
        "dataUri('a')",
        "data:text/plain;charset=utf8;base64,YQ==",
        _data_uri,
    ),
    _row(
        "dataUriToString(uri)",
        "The text of a data URI.",
        "dataUriToString('data:;base64,YQ==')",
        "a",
        _data_uri_to_string,
    ),
    _row(
        "endsWith(text, end)",
        "Whether a text ends so; upper and lower case are the same.",
        "endsWith('oven-1', '-1')",
        True,
        _ends_with,
    ),
    _row(
        "format(pattern, value, ...)",
        "The pattern with `{0}`, `{1}` and so on replaced; `{{` and `}}` are braces. `{0:D3}`, `{0:X2}`, `{0:F1}` and `{0:N0}` "
        "write numbers, `{0,8}` fills up.",
        "format('{0}-{1:D3}', 'oven', 7)",
        "oven-007",
        format_text,
    ),
    _row(
        "guid(text, ...)",
        "A UUID that follows from the texts: the same for the same.",
        "guid('a', 'b')",
        "2d796349-8c7e-55ec-9624-54ece82ed031",
        _guid,
    ),
    _row("join(values, delimiter)", "The values as one text.", "join(createArray('a', 'b'), ', ')", "a, b", _join),
    _row("json(text)", "What a JSON text says.", "json('{\"a\": 1.5}')", {"a": 1.5}, _json),
    _row(
        "padLeft(value, length, [character])", "The text filled up on its left.", "padLeft(7, 3, '0')", "007", _pad_left
    ),
    _row(
        "replace(text, old, new)", "The text with each `old` replaced.", "replace('a.b.c', '.', '/')", "a/b/c", _replace
    ),
    _row("split(text, delimiters)", "The parts between delimiters.", "split('a/b', '/')", ["a", "b"], _split),
    _row(
        "startsWith(text, start)",
        "Whether a text begins so; upper and lower case are the same.",
        "startsWith('Oven', 'ov')",
        True,
        _starts_with,
    ),
    _row(
        "string(value)",
        "The value as a text; of an array or object, its JSON.",
        "string(createArray(1))",
        "[1]",
        _string,
    ),
    _row("substring(text, start, [length])", "A part of a text.", "substring('oven-1', 0, 4)", "oven", _substring),
    _row("toLower(text)", "The text in lower case.", "toLower('Oven')", "oven", _to_lower),
    _row("toUpper(text)", "The text in upper case.", "toUpper('Oven')", "OVEN", _to_upper),
    _row("trim(text)", "The text without blanks around.", "trim('  a ')", "a", _trim),
    _row(
        "uniqueString(text, ...)",
        "13 characters that follow from the texts, as Azure computes them.",
        "uniqueString('hello', 'world')",
        "a7wkljktk6wne",
        _unique_string,
    ),
    _row("uri(base, relative)", "An address below another.", "uri('https://a/b/', 'c')", "https://a/b/c", _uri),
    _row("uriComponent(text)", "The text as a part of an address.", "uriComponent('a b')", "a%20b", _uri_component),
    _row(
        "uriComponentToString(text)",
        "The text of such a part.",
        "uriComponentToString('a%20b')",
        "a b",
        _uri_component_to_string,
    ),
)
"""The functions of texts."""
