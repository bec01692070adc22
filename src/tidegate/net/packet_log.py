"""Shows the packets of one stream as lines, for logs of level debug: a stream around a stream.

Knows how MQTT 5 packets begin. Does not decode them, never shows a payload or a credential, and keeps no more than the
beginning of one packet. Whoever wants no lines leaves it out, so that it costs nothing then.
"""

from collections.abc import Callable
from typing import Literal

from tidegate.net.stream import Receiver, Stream

__all__ = ["LoggedStream", "PacketLines"]

HEAD_BYTES_MAX = 256
"""So much of a packet is looked at; a longer topic is cut."""

_NAMES = (
    "packet of type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
    "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
)  # fmt: skip
_CONNACK, _PUBLISH, _PUBACK, _PUBCOMP, _UNSUBACK, _DISCONNECT, _AUTH = 2, 3, 4, 7, 11, 14, 15


class LoggedStream:
    """Passes everything on, and tells `log` of each packet first, with the mark `<` for received and `>` for sent."""

    def __init__(self, stream: Stream, log: Callable[[Literal["<", ">"], str], None]) -> None:
        self._stream = stream
        self._log = log
        self._sent = PacketLines()
        self._received = PacketLines()
        self._receiver: Receiver | None = None

    @property
    def peer(self) -> str:
        return self._stream.peer

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._stream.start(_Listening(receiver, self._note_received))

    def write(self, data: bytes) -> None:
        for line in self._sent.feed(data):
            self._log(">", line)
        self._stream.write(data)

    def writelines(self, buffers: list[bytes]) -> None:
        for data in buffers:
            for line in self._sent.feed(data):
                self._log(">", line)
        self._stream.writelines(buffers)

    def pause_reading(self) -> None:
        self._stream.pause_reading()

    def resume_reading(self) -> None:
        self._stream.resume_reading()

    def close(self) -> None:
        self._stream.close()

    def abort(self) -> None:
        self._stream.abort()

    def _note_received(self, data: bytes) -> None:
        for line in self._received.feed(data):
            self._log("<", line)


class _Listening:
    """The receiver, with somebody who listens."""

    def __init__(self, receiver: Receiver, note: Callable[[bytes], None]) -> None:
        self._receiver = receiver
        self._note = note
        self.stream_closed = receiver.stream_closed
        self.writing_paused = receiver.writing_paused
        self.writing_resumed = receiver.writing_resumed

    def data_received(self, data: bytes) -> None:
        self._note(data)
        self._receiver.data_received(data)


class PacketLines:
    """Turns the bytes of one direction, in whatever pieces, into a line for each packet.

    The packets are not checked: after bytes that are no packets the lines mean nothing.
    """

    def __init__(self) -> None:
        self._head = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> list[str]:
        """Take bytes, and return the lines of the packets whose beginning is complete with them."""
        lines: list[str] = []
        rest = memoryview(data)
        while rest:
            if self._skip:
                taken = min(self._skip, len(rest))
                self._skip -= taken
                rest = rest[taken:]
                continue
            before = len(self._head)
            self._head += rest[: HEAD_BYTES_MAX - before]
            size = _size(self._head)
            if size is None or len(self._head) < min(size[0] + size[1], HEAD_BYTES_MAX):
                break
            header, remaining = size
            whole = header + remaining
            lines.append(_line(bytes(self._head[:whole]), header, remaining))
            taken = min(whole, len(self._head)) - before
            self._head.clear()
            self._skip = whole - before - taken
            rest = rest[taken:]
        return lines


def _size(head: bytearray) -> tuple[int, int] | None:
    """Return the lengths of the fixed header and of what remains (section 1.5.5), None while they are not known."""
    remaining = 0
    for index in range(1, min(len(head), 5)):
        remaining |= (head[index] & 0x7F) << 7 * (index - 1)
        if not head[index] & 0x80 or index == 4:
            return index + 1, remaining
    return None


def _line(head: bytes, header: int, remaining: int) -> str:
    kind, flags = head[0] >> 4, head[0] & 0x0F
    body = head[header:]
    parts = [_NAMES[kind]]
    if kind == _PUBLISH:
        parts += _publish(body, flags)
    elif kind == _CONNACK:
        parts += [f"0x{code:02X}" for code in body[1:2]] + ["session present"] * (body[:1] == b"\x01")
    elif _PUBACK <= kind <= _UNSUBACK and len(body) >= 2:
        parts.append(f"id {int.from_bytes(body[:2], 'big')}")
        if kind <= _PUBCOMP:
            parts += [f"0x{code:02X}" for code in body[2:3]]
    elif kind in (_DISCONNECT, _AUTH):
        parts += [f"0x{code:02X}" for code in body[:1]]
    return f"{' '.join(parts)} ({header + remaining} bytes)"


def _publish(body: bytes, flags: int) -> list[str]:
    qos = flags >> 1 & 3
    end = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:end].decode("utf-8", "replace") + ("…" if end > len(body) else "")
    parts = [f"`{topic}`", f"qos {qos}"]
    if qos and end + 2 <= len(body):
        parts.append(f"id {int.from_bytes(body[end : end + 2], 'big')}")
    return parts + ["dup"] * bool(flags & 8) + ["retain"] * (flags & 1)
