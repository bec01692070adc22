"""Where what is sent comes from: arguments, a file, or standard input.

Knows how they are read and how much may be. Does not know what is sent.
"""

import sys
from pathlib import Path

from tidegate.cli.output import NotUnderstood

__all__ = ["MESSAGE_BYTES_MAX", "read_payload", "read_user_property"]

MESSAGE_BYTES_MAX = 256 * 1024 * 1024


def read_payload(text: str | None, file: str | None, *, is_asked_for: bool = False, hint: str) -> bytes:
    """Return the bytes of the argument `text`, else those of a file, else those of standard input.

    Args:
        is_asked_for: whether standard input was asked for, so that it is read although it is a terminal.
        hint: what to say where there is nothing.

    Raises:
        NotUnderstood: there is nothing, it cannot be read, or it is more than a packet of MQTT can carry.
    """
    if text is not None:
        return text.encode(errors="surrogateescape")
    if file is None:
        if not is_asked_for and sys.stdin.isatty():
            raise NotUnderstood("there is no payload", hint)
        payload = sys.stdin.buffer.read(MESSAGE_BYTES_MAX + 1)
    else:
        try:
            with Path(file).open("rb") as content:
                payload = content.read(MESSAGE_BYTES_MAX + 1)
        except OSError as error:
            raise NotUnderstood(f"{file}: {error.strerror}", "name a file that can be read") from None
    if len(payload) > MESSAGE_BYTES_MAX:
        raise NotUnderstood("the payload is longer than MQTT can carry", f"send at most {MESSAGE_BYTES_MAX} bytes")
    return payload


def read_user_property(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`. Raises `NotUnderstood`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise NotUnderstood(f"{text!r} is no user property", "write NAME=VALUE")
    return name, value
