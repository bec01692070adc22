"""RESP3 as far as the state store speaks it: arrays of byte strings to it, one reply or such an array from it.

Knows the form of both directions, and that what comes may be anything. Does not know commands.
"""

from collections.abc import Sequence

__all__ = [
    "ITEMS_MAX",
    "OK",
    "PayloadError",
    "Reply",
    "decode",
    "encode_array",
    "encode_bytes",
    "encode_error",
    "encode_number",
]

ITEMS_MAX = 10_000
"""The longest array that is read."""

OK = b"+OK\r\n"

Reply = bytes | int | None | list[bytes]
"""What a reply says: bytes for a value or `OK`, a number, None for no value, or a list of byte strings."""

_DIGITS_MAX = 12


class PayloadError(Exception):
    """The bytes are not of the form, or the reply is an error, whose text it is."""


def encode_array(items: Sequence[bytes]) -> bytes:
    """Return an array of byte strings."""
    return b"*%d\r\n" % len(items) + b"".join(map(encode_bytes, items))


def encode_bytes(value: bytes | None) -> bytes:
    """Return a byte string, or what says that there is none."""
    return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)


def encode_number(number: int) -> bytes:
    """Return a number."""
    return b":%d\r\n" % number


def encode_error(text: str) -> bytes:
    """Return an error."""
    return f"-ERR {text}\r\n".encode()


def decode(payload: bytes) -> Reply:
    """Return what a payload says, all of it.

    Raises:
        PayloadError: it is not of the form, or an error.
    """
    kind, line, at = payload[:1], *_line(payload, 1)
    value: Reply
    if kind == b"*":
        count = _number(line)
        if not 0 <= count <= ITEMS_MAX:
            raise PayloadError(f"an array of {count}")
        items = []
        for _ in range(count):
            if payload[at : at + 1] != b"$":
                raise PayloadError("an array of something else than byte strings")
            item, at = _bytes(payload, at)
            if item is None:
                raise PayloadError("an array with nothing in one place")
            items.append(item)
        value = items
    elif kind == b"$":
        value, at = _bytes(payload, 0)
    elif kind == b":":
        value = _number(line)
    elif kind == b"+":
        value = line
    elif kind == b"-":
        raise PayloadError(line.removeprefix(b"ERR ").decode(errors="replace"))
    else:
        raise PayloadError("it begins with none of `*$:+-`")
    if at != len(payload):
        raise PayloadError(f"{len(payload) - at} bytes too many")
    return value


def _bytes(payload: bytes, at: int) -> tuple[bytes | None, int]:
    line, start = _line(payload, at + 1)
    length = _number(line)
    if length == -1:
        return None, start
    end = start + length
    if length < 0 or payload[end : end + 2] != b"\r\n":
        raise PayloadError("a byte string of another length than it says")
    return payload[start:end], end + 2


def _line(payload: bytes, start: int) -> tuple[bytes, int]:
    end = payload.find(b"\r\n", start)
    if end < 0:
        raise PayloadError("a line without an end")
    return payload[start:end], end + 2


def _number(line: bytes) -> int:
    digits = line.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > _DIGITS_MAX:
        raise PayloadError("something else where a number belongs")
    return int(line)
