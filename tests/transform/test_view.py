"""How inputs are read, and when the payload is decoded."""

from typing import Any

import pytest

from tidegate.message import Message
from tidegate.transform import view as view_module
from tidegate.transform.paths import MISSING, parse_reference
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View, compile_input, compile_read, find, payload_of

PAYLOAD = b'{"a": {"b": [1, 2]}, "n": null, "big": 123456789012345678901234567890}'


def message(payload: bytes = PAYLOAD, topic: str = "t") -> Message:
    properties = (("unit", "mm"), ("unit", "cm"))
    return Message(topic, payload, content_type="text/plain", user_properties=properties)


def read(text: str, payload: bytes = PAYLOAD) -> Any:
    return compile_read(parse_reference(text).path)(View(message(payload)))


def test_reading() -> None:
    assert read("a.b") == [1, 2] and read("a") == {"b": [1, 2]} and read("n") is None
    assert read("big") == 123456789012345678901234567890
    assert read("x") is MISSING and read("a.x") is MISSING and read("a.b.c") is MISSING
    assert read("$metadata.topic") == "t" and read("$metadata.user_property.unit") == "mm"
    assert (
        read("$metadata.user_property.x") is MISSING and read("$metadata.system_property.content_type") == "text/plain"
    )
    assert read("$context(limits).max") is MISSING


def test_metadata_needs_no_payload() -> None:
    assert read("$metadata.topic", b"no JSON") == "t"


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"", "the payload is no JSON"),
        (b"{", "the payload is no JSON"),
        (b'{"a": NaN}', "the payload is no JSON"),
        (b'{"a": 1e999}', "the payload is no JSON"),
        (b'{"a": "\xff"}', "the payload is no UTF-8"),
        (b"[1]", "the payload is no object of JSON"),
        (b"[" * 100_000, "the payload"),
        (b'{"a":' * 100_000, "the payload nests too deeply"),
    ],
)
def test_what_is_no_payload(payload: bytes, detail: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        payload_of(payload)
    assert caught.value.detail.startswith(detail)


def test_of_duplicate_keys_the_last_wins() -> None:
    assert payload_of(b'{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


def test_find_in_no_record() -> None:
    assert find(None, ("a",)) is MISSING


def feed(text: str, *payloads: bytes, per_topic: bool = False, topics: str = "") -> list[Any]:
    reader = compile_input(parse_reference(text), last_per_topic=per_topic)
    names = topics or "t" * len(payloads)
    return [reader(View(message(payload, topic))) for payload, topic in zip(payloads, names, strict=True)]


def test_last_value_and_default() -> None:
    one, none, null = b'{"a":1}', b"{}", b'{"a":null}'
    assert feed("a ? $last", none, one, none, null) == [MISSING, 1, 1, 1]
    assert feed("a ? $last ?? 0", none, one, null) == [0, 1, 1]
    assert feed("a ?? 0", none, null, one) == [0, 0, 1]
    assert feed("a ?? null", none) == [None]


def test_last_value_of_each_topic() -> None:
    one, two, none = b'{"a":1}', b'{"a":2}', b"{}"
    assert feed("a ? $last", one, two, none, none, topics="xyxy") == [1, 2, 2, 2]
    assert feed("a ? $last", one, two, none, none, topics="xyxy", per_topic=True) == [1, 2, 1, 2]


def test_topics_are_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_module, "TOPICS_REMEMBERED_MAX", 2)
    one, none = b'{"a":1}', b"{}"
    assert feed("a ? $last", one, one, one, none, none, topics="xyzxz", per_topic=True) == [1, 1, 1, MISSING, 1]
