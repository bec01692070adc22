"""How `tidegate sub` prints a message: the sequences of mosquitto_sub's `-F`.

Knows the sequences, their flags and widths. Does not know where messages come from or when it is: that is an argument.
"""

import re
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tidegate.message import Message

__all__ = ["SEQUENCES", "FormError", "MessageForm", "NotJson", "Shown"]


class FormError(ValueError):
    """A form has a sequence that means nothing; the sentence says which."""


class NotJson(ValueError):
    """A payload was to be printed as JSON (`%J`) and is none."""


class Shown(NamedTuple):
    """A message to print: its packet identifier, 0 where it has none, and when it came, in nanoseconds of the wall clock."""

    message: Message
    packet_id: int
    received_ns: int


SEQUENCES = {
    "t": "topic",
    "p": "payload as it came",
    "x": "payload in hexadecimal",
    "X": "the same in upper case",
    "l": "payload's length in bytes",
    "q": "QoS",
    "r": "1 where it was retained, else 0",
    "m": "packet identifier",
    "C": "content type",
    "D": "correlation data",
    "E": "message expiry in seconds",
    "F": "payload format indicator",
    "P": "user properties, `name:value`",
    "R": "response topic",
    "A": "topic alias",
    "S": "subscription identifier",
    "I": "date and time",
    "U": "Unix time with nanoseconds",
    "j": "all of it as JSON, payload as a string",
    "J": "the same, payload as JSON",
    "%": "a `%`",
}
"""What may follow a `%`. This client asks for no topic aliases and no subscription identifiers, so there are none."""

_SEQUENCE = re.compile(r"%([0-]?)(\d*)(?:\.(\d+))?(.?)|@(.?)|\\(.?)", re.DOTALL)
_ESCAPES = {"\\": b"\\", "0": b"\0", "a": b"\a", "e": b"\x1b", "n": b"\n", "r": b"\r", "t": b"\t", "v": b"\v"}

# As mosquitto_sub's manual has it: what has a minimal width, what is padded with zeros, what has a maximal width.
_WITH_WIDTH = "ACEFIlmpRStxX"
_WITH_ZEROS = "AEFlmSXx"
_WITH_MAXIMUM = "CIRt"
WIDTH_MAX = 10_000

_Piece = Callable[[Shown], bytes]


class MessageForm:
    """A form, read once and used for every message."""

    def __init__(self, form: str) -> None:
        """Read `form`. Raises `FormError`."""
        self._pieces: list[bytes | _Piece] = []
        position = 0
        for found in _SEQUENCE.finditer(form):
            self._pieces += [_encoded(form[position : found.start()]), _piece(found)]
            position = found.end()
        self._pieces.append(_encoded(form[position:]))

    def format(self, shown: Shown) -> bytes:
        """Return what to print for a message, without an end of line. Raises `NotJson`."""
        return b"".join([piece if isinstance(piece, bytes) else piece(shown) for piece in self._pieces])


def _piece(found: re.Match[str]) -> bytes | _Piece:
    flag, width, maximum, word, strftime, escape = found.groups()
    if escape is not None:
        if escape not in _ESCAPES:
            raise FormError(f"{found[0]!r} is no escape")
        return _ESCAPES[escape]
    if strftime is not None:
        return _time_piece(strftime)
    if word == "" or word not in SEQUENCES:
        raise FormError(f"{found[0]!r} is no sequence" if word else f"{found[0]!r} has no end")
    if word == "%":
        return b"%"
    value = _VALUES[word]
    cut = int(maximum) if maximum and word in _WITH_MAXIMUM else None
    columns = int(width) if width and word in _WITH_WIDTH else 0
    if columns > WIDTH_MAX:
        raise FormError(f"{found[0]!r} is wider than {WIDTH_MAX}")
    if not columns and cut is None:
        return value
    fill = b"0" if flag == "0" and word in _WITH_ZEROS else b" "

    def padded(shown: Shown) -> bytes:
        text = value(shown)[:cut]
        return text.ljust(columns) if flag == "-" else text.rjust(columns, fill)

    return padded


def _time_piece(character: str) -> bytes | _Piece:
    if character == "@":
        return b"@"
    if not character.isascii() or not character.isalpha():
        raise FormError(f"{'@' + character!r} is no sequence" if character else "'@' has no end")
    if character == "N":
        return lambda shown: b"%09d" % (shown.received_ns % 1_000_000_000)
    return lambda shown: _local_time(f"%{character}", shown.received_ns)


def _local_time(form: str, received_ns: int) -> bytes:
    return time.strftime(form, time.localtime(received_ns // 1_000_000_000)).encode()


def _encoded(text: str) -> bytes:
    """Return the bytes that were typed, those that are no UTF-8 included."""
    return text.encode(errors="surrogateescape")


def _text(value: str | None) -> bytes:
    return b"" if value is None else value.encode()


def _number(value: int | None) -> bytes:
    return b"" if value is None else b"%d" % value


_VALUES: dict[str, _Piece] = {
    "t": lambda shown: shown.message.topic.encode(),
    "p": lambda shown: shown.message.payload,
    "x": lambda shown: shown.message.payload.hex().encode(),
    "X": lambda shown: shown.message.payload.hex().upper().encode(),
    "l": lambda shown: _number(len(shown.message.payload)),
    "q": lambda shown: _number(shown.message.qos),
    "r": lambda shown: _number(shown.message.retain),
    "m": lambda shown: _number(shown.packet_id),
    "C": lambda shown: _text(shown.message.content_type),
    "D": lambda shown: shown.message.correlation_data or b"",
    "E": lambda shown: _number(shown.message.message_expiry_seconds),
    # The indicator's absence says the same as 0 (section 3.3.2.3.2), and is not told apart.
    "F": lambda shown: _number(shown.message.payload_format_indicator or None),
    "P": lambda shown: " ".join(f"{name}:{value}" for name, value in shown.message.user_properties).encode(),
    "R": lambda shown: _text(shown.message.response_topic),
    "A": lambda shown: b"",
    "S": lambda shown: b"",
    "I": lambda shown: _local_time("%Y-%m-%dT%H:%M:%S%z", shown.received_ns),
    "U": lambda shown: b"%d.%09d" % divmod(shown.received_ns, 1_000_000_000),
    "j": lambda shown: _json(shown, shown.message.payload.decode(errors="replace")),
    "J": lambda shown: _json(shown, _json_payload(shown.message)),
}


def _json_payload(message: Message) -> msgspec.Raw:
    try:
        msgspec.json.decode(message.payload)
        return msgspec.Raw(msgspec.json.format(message.payload, indent=-1))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotJson(f"the payload on {message.topic!r} is no JSON") from None


def _json(shown: Shown, payload: str | msgspec.Raw) -> bytes:
    message, nanoseconds = shown.message, shown.received_ns % 1_000_000_000
    moment = _local_time(f"%Y-%m-%dT%H:%M:%S.{nanoseconds // 1000:06d}%z", shown.received_ns)
    made: dict[str, object] = {
        "tst": moment.decode(),
        "topic": message.topic,
        "qos": message.qos,
        "retain": int(message.retain),
        "payloadlen": len(message.payload),
    }
    if message.qos:
        made["mid"] = shown.packet_id
    properties = _json_properties(message)
    if properties:
        made["properties"] = properties
    made["payload"] = payload
    return msgspec.json.encode(made)


def _json_properties(message: Message) -> dict[str, object]:
    correlation = message.correlation_data
    properties: dict[str, object] = {
        "content-type": message.content_type,
        "user-properties": _json_pairs(message.user_properties),
        "response-topic": message.response_topic,
        "correlation-data": None if correlation is None else correlation.decode(errors="replace"),
        "payload-format-indicator": message.payload_format_indicator or None,
        "message-expiry-interval": message.message_expiry_seconds,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _json_pairs(pairs: tuple[tuple[str, str], ...]) -> msgspec.Raw | None:
    """Return pairs as one object, with a name as often as it came."""
    if not pairs:
        return None
    written = [msgspec.json.encode(name) + b":" + msgspec.json.encode(value) for name, value in pairs]
    return msgspec.Raw(b"{" + b",".join(written) + b"}")
