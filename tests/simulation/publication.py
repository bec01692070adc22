"""What the parts of a world speak of: messages, what a CONNACK is made to say, packets in words, and what is wrong.

Knows values. Does not know brokers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import mqtt5 as packets

__all__ = ["Announcement", "Publication", "Violation", "describe", "number_of", "numbers_in", "split"]


class Violation(AssertionError):
    """An invariant does not hold: of the relay, of a broker core, or of what passed between them."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One message of a world. The payload ends with `<number>`, by which it is known everywhere.

    Without a payload it removes a retained message, and is known to the publisher alone.
    """

    number: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    expiry_seconds: int | None
    published_at: float

    @property
    def expires_at(self) -> float:
        """Return when its life ends, in seconds of the fake clock."""
        return float("inf") if self.expiry_seconds is None else self.published_at + self.expiry_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What one CONNACK is made to say in place of what the core says. `reason_code` is not 0 for a refusal."""

    reason_code: int = 0
    receive_maximum: int = 65_535
    topic_alias_maximum: int = 0
    packet_bytes_max: int | None = None
    retain_available: bool = True
    maximum_qos: int = 2
    wildcards_available: bool = True
    keep_alive_seconds: int | None = None


def number_of(payload: bytes | None) -> int:
    """Return the number with which the payload of a publication ends, 0 where it has none."""
    return int(payload[payload.rindex(b"<") + 1 : -1]) if payload else 0


def numbers_in(data: bytes) -> Iterator[int]:
    """Yield the numbers of all payloads that end in a piece of bytes."""
    position = data.find(b"<")
    while position >= 0:
        end = data.find(b">", position)
        if end < 0:
            return
        digits = data[position + 1 : end]
        if digits.isdigit():
            yield int(digits)
        position = data.find(b"<", position + 1)


def split(data: bytes) -> tuple[list[tuple[packets.Packet, bytes]], bytes]:
    """Split bytes into whole packets, each with its own bytes, and the rest."""
    whole: list[tuple[packets.Packet, bytes]] = []
    view = memoryview(data)
    position = 0
    while position < len(data):
        try:
            packet, length = packets.read(view[position:])
        except IndexError:
            break
        whole.append((packet, data[position : position + length]))
        position += length
    return whole, data[position:]


def describe(packet: packets.Packet) -> str:
    """Say in a few words what a packet is, for the trace."""
    name = type(packet).__name__.removesuffix("Packet").upper()
    if isinstance(packet, packets.PublishPacket):
        flags = f"{' DUP' if packet.duplicate else ''}{' RETAIN' if packet.retain else ''}"
        return f"{name} <{number_of(packet.payload)}> QoS {int(packet.qos)} id {packet.packet_id}{flags} {packet.topic}"
    if isinstance(packet, packets.ConnectPacket):
        return f"{name} {packet.client_id} receive maximum {packet.receive_max} expiry {packet.session_expiry_interval}"
    if isinstance(packet, packets.SubscribePacket):
        return f"{name} {' '.join(item.pattern for item in packet.topic_filters)}"
    if isinstance(packet, packets.ConnAckPacket):
        return f"{name} 0x{int(packet.reason_code):02X} session present {int(packet.session_present)}"
    if isinstance(packet, packets.UnsubscribePacket):
        return f"{name} {' '.join(packet.patterns)}"
    packet_id = getattr(packet, "packet_id", None)
    reason_code = getattr(packet, "reason_code", None)
    said = "" if packet_id is None else f" id {packet_id}"
    return name + said + ("" if reason_code is None else f" 0x{int(reason_code):02X}")
