"""MQTT 3.1.1 (and the CONNECT of 3.1) on the server's side, in the packet types of MQTT 5.

Knows the bytes. Does not know state or sessions. The codec speaks only MQTT 5, so this is our own.
"""

from collections.abc import Callable, Sequence
from struct import Struct

from tidegate.exceptions import MalformedPacket
from tidegate.message import Message
from tidegate.mqtt.fixed_header import PACKET_BYTES_MAX, PACKET_TYPE_NAMES, packet_bytes, packet_too_large
from tidegate.mqtt.packets import (
    PUBACK_RUN_MIN,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    QoS,
    ReceivedPacket,
    SubscribePacket,
    TopicFilter,
    UnsubscribePacket,
    Will,
    puback_run,
)

__all__ = [
    "connack_return_code",
    "decode",
    "encode_connack",
    "encode_delivery",
    "encode_suback",
    "encode_unsuback",
]

SESSION_NEVER_EXPIRES = 0xFFFF_FFFF
"""A session without Clean Session lasts until its client says otherwise (section 3.1.2.4 of MQTT 3.1.1)."""

_PUBACK = 0x40
_SHORT = Struct(">H")
_QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.EXACTLY_ONCE)
_RETURN_CODES = {
    0x00: 0,
    0x84: 1,
    0x85: 2,
    0x80: 3,
    0x83: 3,
    0x88: 3,
    0x89: 3,
    0x97: 3,
    0x9C: 3,
    0x9D: 3,
    0x9F: 3,
    0x86: 4,
}
NOT_AUTHORIZED = 5


def connack_return_code(reason_code: int) -> int:
    """Return the CONNACK return code (section 3.2.2.3 of MQTT 3.1.1) for a reason code of MQTT 5."""
    return _RETURN_CODES.get(reason_code, NOT_AUTHORIZED)


def decode(data: memoryview, packets: list[ReceivedPacket], packet_bytes_max: int = PACKET_BYTES_MAX) -> int:
    """Append every whole packet that a client sent to `packets`, and return how many bytes they took.

    Raises:
        MalformedPacket: the bytes after the appended packets are no packet a client sends.
        ProtocolViolation: the packet after the appended ones is longer than `packet_bytes_max`, reason code 0x95.
    """
    position = 0
    end = len(data)
    while position < end:
        if data[position] == _PUBACK and end - position >= 4 * PUBACK_RUN_MIN:
            run = puback_run(data[position:])
            if run is not None:
                packets.append(run)
                position += 4 * len(run.packet_ids)
                continue
        length = packet_bytes(data[position : position + 5])
        if length is None:
            break
        if length > packet_bytes_max:
            raise packet_too_large(length, packet_bytes_max)
        if position + length > end:
            break
        start = position + 2
        while data[start - 1] >= 0x80:
            start += 1
        first = data[position]
        read = _READERS.get(first >> 4)
        if read is None:
            raise MalformedPacket(f"packet type {first >> 4} from a client")
        try:
            packets.append(read(first & 0x0F, _Body(data[start : position + length])))
        except ValueError as error:
            # The packet types of MQTT 5 refuse what they cannot hold, such as a filter with a wildcard out of place.
            raise MalformedPacket(f"{PACKET_TYPE_NAMES[first >> 4]}: {error}") from None
        position += length
    return position


def encode_connack(session_present: bool, return_code: int) -> bytes:
    """Encode a CONNACK; with a return code other than 0 Session Present is 0 [MQTT-3.2.2-4]."""
    return bytes((0x20, 2, session_present and not return_code, return_code))


def encode_delivery(
    message: Message,
    qos: int,
    retain: bool,
    packet_id: int | None,
    expiry_seconds: int | None = None,
    subscription_ids: tuple[int, ...] = (),
    topic_alias: int | None = None,
    topic: str | None = None,
) -> bytes:
    """Encode the PUBLISH by which a server delivers `message`; for what is from `expiry_seconds` on this version has no word.

    `packet_id` is None for QoS 0.
    """
    name = message.topic.encode()
    identifier = b"" if packet_id is None else _SHORT.pack(packet_id)
    length = 2 + len(name) + len(identifier) + len(message.payload)
    first = 0x30 | (qos << 1) | retain
    return b"".join(
        (bytes((first,)), _remaining_length(length), _SHORT.pack(len(name)), name, identifier, message.payload)
    )


def encode_suback(packet_id: int, codes: Sequence[int]) -> bytes:
    """Encode a SUBACK; every failure is 0x80 (section 3.9.3 of MQTT 3.1.1)."""
    body = bytes(0x80 if code >= 0x80 else code for code in codes)
    return b"\x90" + _remaining_length(2 + len(body)) + _SHORT.pack(packet_id) + body


def encode_unsuback(packet_id: int) -> bytes:
    """Encode an UNSUBACK."""
    return b"\xb0\x02" + _SHORT.pack(packet_id)


class _Body:
    """The bytes after the fixed header, read from the front."""

    __slots__ = ("data", "position")

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> memoryview:
        start = self.position
        end = start + count
        if end > len(self.data):
            raise MalformedPacket("a packet whose fields are longer than itself")
        self.position = end
        return self.data[start:end]

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def binary(self) -> bytes:
        return bytes(self.take(self.short()))

    def text(self) -> str:
        try:
            text = str(self.take(self.short()), "utf-8")
        except UnicodeDecodeError:
            raise MalformedPacket("a string that is not UTF-8 [MQTT-1.5.3-1]") from None
        if "\0" in text:
            raise MalformedPacket("a string with NUL [MQTT-1.5.3-2]")
        return text

    def packet_id(self) -> int:
        packet_id = self.short()
        if not packet_id:
            raise MalformedPacket("packet identifier 0 [MQTT-2.3.1-1]")
        return packet_id

    @property
    def is_at_end(self) -> bool:
        return self.position == len(self.data)

    def finish(self) -> None:
        if not self.is_at_end:
            raise MalformedPacket("bytes after the last field of a packet")


def _require_flags(flags: int, expected: int) -> None:
    if flags != expected:
        raise MalformedPacket("reserved bits of the fixed header that are not as they must be [MQTT-2.2.2-2]")


def _read_connect(flags: int, body: _Body) -> ConnectPacket:
    _require_flags(flags, 0)
    name, level = body.text(), body.byte()
    bits = body.byte()
    if name == "MQTT" and bits & 1:
        raise MalformedPacket("the reserved bit of the connect flags is 1 [MQTT-3.1.2-3]")
    del level
    has_will, will_qos, will_retain = bool(bits & 0x04), bits >> 3 & 3, bool(bits & 0x20)
    if will_qos == 3 or (not has_will and (will_qos or will_retain)):
        raise MalformedPacket("will flags that do not go together [MQTT-3.1.2-13..15]")
    has_username, has_password = bool(bits & 0x80), bool(bits & 0x40)
    if has_password and not has_username:
        raise MalformedPacket("a password without a user name [MQTT-3.1.2-22]")
    keep_alive = body.short()
    client_id = body.text()
    will = None
    if has_will:
        topic = body.text()
        will = Will(topic, payload=body.binary(), qos=_QOS[will_qos], retain=will_retain)
    username = body.text() if has_username else None
    password = body.binary() if has_password else None
    body.finish()
    is_clean = bool(bits & 0x02)
    return ConnectPacket(
        client_id,
        username=username,
        password=password,
        clean_start=is_clean,
        will=will,
        keep_alive=keep_alive,
        session_expiry_interval=0 if is_clean else SESSION_NEVER_EXPIRES,
    )


def _read_publish(flags: int, body: _Body) -> PublishPacket:
    qos = flags >> 1 & 3
    duplicate = bool(flags & 0x08)
    if qos == 3:
        raise MalformedPacket("PUBLISH with QoS 3 [MQTT-3.3.1-4]")
    if duplicate and not qos:
        raise MalformedPacket("PUBLISH with DUP 1 and QoS 0 [MQTT-3.3.1-2]")
    topic = body.text()
    if not topic or "+" in topic or "#" in topic:
        raise MalformedPacket("PUBLISH with a wildcard in its topic name, or with none [MQTT-3.3.2-2]")
    packet_id = body.packet_id() if qos else None
    payload = bytes(body.data[body.position :])
    return PublishPacket(
        topic, payload, qos=_QOS[qos], retain=bool(flags & 1), packet_id=packet_id, duplicate=duplicate
    )


def _acknowledgement(
    kind: type[PubAckPacket | PubRecPacket | PubRelPacket | PubCompPacket], expected: int
) -> Callable[[int, _Body], ReceivedPacket]:
    def read(flags: int, body: _Body) -> ReceivedPacket:
        _require_flags(flags, expected)
        packet_id = body.packet_id()
        body.finish()
        return kind(packet_id)

    return read


def _read_subscribe(flags: int, body: _Body) -> SubscribePacket:
    _require_flags(flags, 2)
    packet_id = body.packet_id()
    filters = []
    while not body.is_at_end:
        pattern = body.text()
        qos = body.byte()
        if qos > 2:
            raise MalformedPacket("SUBSCRIBE with a QoS above 2 [MQTT-3.8.3-4]")
        filters.append(TopicFilter(pattern, max_qos=_QOS[qos], retain_as_published=False))
    return SubscribePacket(packet_id, filters)


def _read_unsubscribe(flags: int, body: _Body) -> UnsubscribePacket:
    _require_flags(flags, 2)
    packet_id = body.packet_id()
    patterns = []
    while not body.is_at_end:
        patterns.append(body.text())
    return UnsubscribePacket(packet_id, patterns)


def _read_pingreq(flags: int, body: _Body) -> PingReqPacket:
    _require_flags(flags, 0)
    body.finish()
    return PingReqPacket()


def _read_disconnect(flags: int, body: _Body) -> DisconnectPacket:
    _require_flags(flags, 0)
    body.finish()
    return DisconnectPacket()


def _remaining_length(length: int) -> bytes:
    digits = bytearray()
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    digits.append(length)
    return bytes(digits)


_READERS: dict[int, Callable[[int, _Body], ReceivedPacket]] = {
    1: _read_connect,
    3: _read_publish,
    4: _acknowledgement(PubAckPacket, 0),
    5: _acknowledgement(PubRecPacket, 0),
    6: _acknowledgement(PubRelPacket, 2),
    7: _acknowledgement(PubCompPacket, 0),
    8: _read_subscribe,
    10: _read_unsubscribe,
    12: _read_pingreq,
    14: _read_disconnect,
}
