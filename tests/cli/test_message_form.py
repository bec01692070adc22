"""How `tidegate sub` prints a message; what a real mosquitto_sub prints of the same is compared in `test_sub`."""

import json

import pytest

from tidegate.cli.message_form import FormError, MessageForm, NotJson, Shown
from tidegate.message import Message

PLAIN = Message("a/b", b"payload", 1, True)
FULL = Message(
    "a/b",
    b'{"n": 1.50}',
    1,
    payload_format_indicator=1,
    message_expiry_seconds=60,
    content_type="application/json",
    response_topic="r/t",
    correlation_data=b"corr",
    user_properties=(("a", "b"), ("a", "c")),
)


def formatted(form: str, message: Message = PLAIN) -> bytes:
    return MessageForm(form).format(Shown(message, 7, 1_700_000_000_123_456_789))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%p", b"payload"),
        ("%t %p", b"a/b payload"),
        ("%t|%q|%r|%l|%m|%%|", b"a/b|1|1|7|7|%|"),
        ("%x %X", b"7061796c6f6164 7061796C6F6164"),
        ("plain", b"plain"),
        ("%%t", b"%t"),
        ("%5t|%-5t|%05t|%.1t|%4.1t|", b"  a/b|a/b  |  a/b|a|   a|"),
        ("%4l|%04l|%-4l|%-04l", b"   7|0007|7   |7   "),
        ("%3q%.1p", b"1payload"),
        (r"a\tb\\c\0\n\e\r\a\v", b"a\tb\\c\0\n\x1b\r\a\v"),
        ("%U @@ @N", b"1700000000.123456789 @ 123456789"),
        ("%A%S%C%D%E%F%P%R", b""),
        ("\udcff", b"\xff"),
    ],
)
def test_sequences(form: str, text: bytes) -> None:
    assert formatted(form) == text


def test_properties() -> None:
    assert formatted("%C|%D|%E|%F|%P|%R", FULL) == b"application/json|corr|60|1|a:b a:c|r/t"
    assert formatted("%04E|%3F", FULL) == b"0060|  1"


def test_time_is_the_messages_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        assert formatted("%I @Y-@m-@d @H:@M:@S") == b"2023-11-14T22:13:20+0000 2023-11-14 22:13:20"
        assert json.loads(formatted("%j"))["tst"] == "2023-11-14T22:13:20.123456+0000"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_json() -> None:
    shown = json.loads(formatted("%j", FULL))
    del shown["tst"]
    assert shown == {
        "topic": "a/b",
        "qos": 1,
        "retain": 0,
        "payloadlen": 11,
        "mid": 7,
        "properties": {
            "content-type": "application/json",
            "user-properties": {"a": "c"},
            "response-topic": "r/t",
            "correlation-data": "corr",
            "payload-format-indicator": 1,
            "message-expiry-interval": 60,
        },
        "payload": '{"n": 1.50}',
    }
    assert b'"user-properties":{"a":"b","a":"c"}' in formatted("%j", FULL)
    assert formatted("%J", FULL).endswith(b'"payload":{"n":1.50}}')
    assert "mid" not in json.loads(formatted("%j", Message("a", b"\xff")))
    for payload in (b"payload", b"", b"\xff", b'{"a":1} x'):
        with pytest.raises(NotJson, match="'a/b' is no JSON"):
            formatted("%J", Message("a/b", payload))


@pytest.mark.parametrize("form", ["%z", "%i", "%", "%5", "%-", "x@", "@1", r"\q", "x\\", "%0-5t", "%99999t"])
def test_what_means_nothing_is_refused(form: str) -> None:
    with pytest.raises(FormError):
        MessageForm(form)
