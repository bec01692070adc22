"""How a server speaks to a client of either version: the same verbs, other bytes.

Knows both encodings. Does not know when to say what. Where MQTT 3.1.1 has no word for something, nothing is sent.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from tidegate.message import Message
from tidegate.mqtt import packets, v3
from tidegate.mqtt.packets import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnAckReasonCode,
    DisconnectPacket,
    DisconnectReasonCode,
    ReceivedPacket,
    SubAckPacket,
    SubAckReasonCode,
    UnsubAckPacket,
    UnsubAckReasonCode,
    encode_puback,
)
from tidegate.mqtt.plain_encoder import PlainEncoder

__all__ = ["Wire"]


class _EncodeDelivery(Protocol):
    """The PUBLISH by which a server delivers a message; `topic` stands for the message's own where an alias does.

    Raises:
        LocalViolation: it is longer than MQTT can carry.
    """

    def __call__(
        self,
        message: Message,
        qos: int,
        retain: bool,
        packet_id: int | None,
        expiry_seconds: int | None = None,
        subscription_ids: tuple[int, ...] = (),
        topic_alias: int | None = None,
        topic: str | None = None,
        /,
    ) -> bytes: ...


class Wire(Enum):
    """A version of the protocol, MQTT 3.1.1 (and 3.1) or 5."""

    V3 = 4
    V5 = 5

    publish: _EncodeDelivery
    """Encodes a delivery. It is the encoder itself, because every message comes by here."""

    @property
    def decode(self) -> Callable[[memoryview, list[ReceivedPacket], int], int]:
        """Return what takes a client's packets off the front of bytes."""
        return packets.decode_gathering if self is Wire.V5 else v3.decode

    def connack(self, connack: ConnAckPacket) -> bytes:
        """Encode a CONNACK; MQTT 3.1.1 has six return codes and one flag."""
        if self is Wire.V5:
            return connack.write()
        return v3.encode_connack(connack.session_present, v3.connack_return_code(int(connack.reason_code)))

    def refusal(self, reason_code: int) -> bytes | None:
        """Encode a CONNACK that refuses, None where MQTT 3.1.1 has the connection closed without (its [MQTT-3.1.4-1])."""
        # [MQTT-3.2.2-8]: what only DISCONNECT can say is said in the words of CONNACK.
        code = _IN_CONNACK.get(reason_code, reason_code)
        if self is Wire.V3 and code in _OUT_OF_FORM:
            return None
        return self.connack(ConnAckPacket(reason_code=ConnAckReasonCode(code)))

    def puback(self, packet_id: int, reason_code: int) -> bytes:
        """Encode a PUBACK."""
        return encode_puback(packet_id, reason_code if self is _V5 else 0)

    def pubrec(self, packet_id: int, reason_code: int) -> bytes:
        """Encode a PUBREC."""
        return packets.encode_pubrec(packet_id, reason_code if self is Wire.V5 else 0)

    def pubrel(self, packet_id: int, reason_code: int = 0) -> bytes:
        """Encode a PUBREL."""
        return packets.encode_pubrel(packet_id, reason_code if self is Wire.V5 else 0)

    def pubcomp(self, packet_id: int, reason_code: int) -> bytes:
        """Encode a PUBCOMP."""
        return packets.encode_pubcomp(packet_id, reason_code if self is Wire.V5 else 0)

    def suback(self, packet_id: int, reason_codes: Sequence[int], reason_string: str | None) -> bytes:
        """Encode a SUBACK with a code for each filter."""
        if self is Wire.V3:
            return v3.encode_suback(packet_id, list(reason_codes))
        codes = [SubAckReasonCode(code) for code in reason_codes]
        return SubAckPacket(packet_id, codes, reason_str=reason_string).write()

    def unsuback(self, packet_id: int, reason_codes: Sequence[int]) -> bytes:
        """Encode an UNSUBACK; MQTT 3.1.1 has no codes in it."""
        if self is Wire.V3:
            return v3.encode_unsuback(packet_id)
        return UnsubAckPacket(packet_id, [UnsubAckReasonCode(code) for code in reason_codes]).write()

    def disconnect(self, reason_code: int, reason_string: str | None = None) -> bytes | None:
        """Encode a DISCONNECT; in MQTT 3.1.1 a server has none."""
        if self is Wire.V3:
            return None
        return DisconnectPacket(reason_code=DisconnectReasonCode(reason_code), reason_str=reason_string).write()

    def auth(self, reason_code: int, method: str, data: bytes | None) -> bytes:
        """Encode an AUTH, which only MQTT 5 has."""
        return AuthPacket(
            reason_code=AuthReasonCode(reason_code), authentication_method=method, authentication_data=data
        ).write()


Wire.V3.publish = v3.encode_delivery
Wire.V5.publish = PlainEncoder().encode

_V5 = Wire.V5

_OUT_OF_FORM = frozenset((0x81, 0x82, 0x90, 0x95))
"""Reason codes for a CONNECT that is not as it has to be: malformed, protocol error, will topic, too large."""

_IN_CONNACK = {
    **dict.fromkeys((0x8B, 0x8D, 0x8E, 0x98, 0xA0), 0x88),
    **dict.fromkeys((0x8F, 0x93, 0x94, 0x9E, 0xA1, 0xA2), 0x82),
    0x96: 0x9F,
}
"""Every reason code that DISCONNECT has and CONNACK has not: that the connection is over for reasons of ours or of time is
Server unavailable, what a client may not send is a protocol error, and too high a rate is one of CONNECTs here."""
