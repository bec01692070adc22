"""The only door to the codec: bytes to packets and back, with the codec's gaps closed.

Knows which bytes are a valid packet. Does not know state: whether a packet may come now is `mqtt/state.py`'s question.

The codec (`mqtt5`) raises IndexError for too few bytes, ValueError for bad ones and, for invalid UTF-8, a PanicException
that derives from BaseException. It lets pass packet id 0, DUP with QoS 0, and wildcards and NUL in topic names, and does
not know the AUTH packet of zero length. All of it ends here as `MalformedPacket`.

What a publisher can put into a message and real servers forward unchecked (a wildcard in a response topic, a payload
format indicator above 1, control characters) is no reason to end a connection: the server would send that message again
for ever. It passes here, and the transformation drops it.
"""

from collections.abc import Sequence
from struct import Struct, pack, unpack
from typing import cast

import msgspec
from mqtt5 import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PubCompReasonCode,
    PublishPacket,
    PubRecPacket,
    PubRecReasonCode,
    PubRelPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
)
from mqtt5 import read as read_packet

from tidegate.exceptions import LocalViolation, MalformedPacket, MqttError, ProtocolViolation
from tidegate.message import Message

__all__ = [
    "PACKET_BYTES_MAX",
    "PINGREQ",
    "PUBACK_RUN_MAX",
    "PUBACK_RUN_MIN",
    "AuthPacket",
    "AuthReasonCode",
    "ConnAckPacket",
    "ConnAckReasonCode",
    "ConnectPacket",
    "DisconnectPacket",
    "DisconnectReasonCode",
    "Packet",
    "PingReqPacket",
    "PingRespPacket",
    "PubAckPacket",
    "PubAckReasonCode",
    "PubAckRun",
    "PubCompPacket",
    "PubRecPacket",
    "PubRelPacket",
    "PublishPacket",
    "QoS",
    "ReceivedPacket",
    "RetainHandling",
    "SubAckPacket",
    "SubAckReasonCode",
    "SubscribePacket",
    "TopicFilter",
    "UnsubAckPacket",
    "UnsubAckReasonCode",
    "UnsubscribePacket",
    "decode",
    "decode_gathering",
    "encode_auth",
    "encode_disconnect",
    "encode_puback",
    "encode_puback_run",
    "encode_pubcomp",
    "encode_publish",
    "encode_pubrec",
    "packet_bytes",
    "packet_too_large",
]

# Section 2.1.4: the Remaining Length is at most 268 435 455, after a fixed header of at most five bytes.
PACKET_BYTES_MAX = 268_435_460

PINGREQ = PingReqPacket().write()

PUBACK_RUN_MIN = 4
"""From how many PUBACKs gathering them pays."""

PUBACK_RUN_MAX = 1024
"""How many PUBACKs are gathered into one run, which bounds what looking for a run may cost."""


class PubAckRun(msgspec.Struct, frozen=True):
    """Successive PUBACKs of reason code 0x00, whose packet ids are all that they say.

    A server that is kept busy answers in runs, and a packet object for each would cost as much as the message itself.
    """

    packet_ids: tuple[int, ...]


ReceivedPacket = Packet | PubAckRun

_QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.EXACTLY_ONCE)
_ACKNOWLEDGEMENT = Struct(">BBH").pack
_WITH_PACKET_ID = (
    PubAckPacket,
    PubRecPacket,
    PubRelPacket,
    PubCompPacket,
    SubscribePacket,
    SubAckPacket,
    UnsubscribePacket,
    UnsubAckPacket,
)
_PUBACK_HEADER = b"\x40\x02"
_EMPTY_AUTH = b"\xf0\x00"
_PACKET_TYPES = (
    "packet type 0",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
)


def decode(data: memoryview, packets: list[Packet], packet_bytes_max: int = PACKET_BYTES_MAX) -> int:
    """Append every whole packet at the start of `data` to `packets` and return how many bytes they took.

    Raises:
        MalformedPacket: the bytes after the appended packets are no MQTT 5 packet.
        ProtocolViolation: the packet after the appended ones is longer than `packet_bytes_max`, reason code 0x95.
    """
    return _decode(data, cast("list[ReceivedPacket]", packets), packet_bytes_max, gathers_pubacks=False)


def decode_gathering(data: memoryview, packets: list[ReceivedPacket], packet_bytes_max: int = PACKET_BYTES_MAX) -> int:
    """Do what `decode` does, with a `PubAckRun` in the place of PUBACKs that say nothing but success.

    Raises:
        MalformedPacket: the bytes after the appended packets are no MQTT 5 packet.
        ProtocolViolation: the packet after the appended ones is longer than `packet_bytes_max`, reason code 0x95.
    """
    return _decode(data, packets, packet_bytes_max, gathers_pubacks=True)


def _decode(data: memoryview, packets: list[ReceivedPacket], packet_bytes_max: int, gathers_pubacks: bool) -> int:
    position = _decode_run(data, packets, packet_bytes_max, gathers_pubacks)
    # Section 3.15.2.1: an AUTH of reason code 0x00 without properties may have a Remaining Length of 0.
    while position < len(data) and data[position : position + 2] == _EMPTY_AUTH:
        packets.append(AuthPacket())
        position += len(_EMPTY_AUTH)
        position += _decode_run(data[position:], packets, packet_bytes_max, gathers_pubacks)
    return position


def _decode_run(data: memoryview, packets: list[ReceivedPacket], packet_bytes_max: int, gathers_pubacks: bool) -> int:
    """Decode up to the end, an incomplete packet or the one packet that the codec does not know."""
    position = 0
    end = len(data)
    append = packets.append
    try:
        while position < end:
            if (
                gathers_pubacks
                and data[position] == _PUBACK_HEADER[0]
                and end - position >= 4 * PUBACK_RUN_MIN
                and (run := _puback_run(data[position:]))
            ):
                append(run)
                position += 4 * len(run.packet_ids)
                continue
            packet, length = read_packet(data[position:])
            if length > packet_bytes_max:
                raise packet_too_large(length, packet_bytes_max)
            if type(packet) is PublishPacket:
                # In line, because every message comes by here.
                topic = packet.topic
                if "+" in topic or "#" in topic or "\0" in topic:
                    raise MalformedPacket("PUBLISH with a wildcard or NUL in its topic name [MQTT-3.3.2-2]")
                packet_id = packet.packet_id
                if packet_id == 0:
                    raise MalformedPacket("PUBLISH with packet identifier 0 [MQTT-2.2.1-4]")
                if packet_id is None and packet.duplicate:
                    raise MalformedPacket("PUBLISH with DUP 1 and QoS 0 [MQTT-3.3.1-2]")
            elif isinstance(packet, _WITH_PACKET_ID) and packet.packet_id == 0:
                raise MalformedPacket(f"{_PACKET_TYPES[data[position] >> 4]} with packet identifier 0 [MQTT-2.2.1-3]")
            append(packet)
            position += length
    except IndexError:
        needed = packet_bytes(data[position:])
        if needed is not None and needed <= end - position:
            raise MalformedPacket("a packet whose fields are longer than itself") from None
    except ValueError as error:
        if data[position : position + 2] != _EMPTY_AUTH:
            raise MalformedPacket(f"{_PACKET_TYPES[data[position] >> 4]}: {error}") from None
    except (KeyboardInterrupt, SystemExit, MemoryError, MqttError):
        raise
    except BaseException as error:
        # The codec panics on invalid UTF-8 [MQTT-1.5.4-1]; its exception type cannot be imported, so it is known by name.
        if type(error).__name__ != "PanicException":
            raise
        raise MalformedPacket(f"{_PACKET_TYPES[data[position] >> 4]}: a string that is not UTF-8") from None
    return position


def _puback_run(data: memoryview) -> PubAckRun | None:
    """Return the PUBACKs of reason code 0x00 that `data` starts with, None when there is none."""
    count = min(len(data) // 4, PUBACK_RUN_MAX)
    start = bytes(data[: 4 * count])
    for offset, byte in enumerate(_PUBACK_HEADER):
        column = start[offset : 4 * count : 4]
        count = len(column) - len(column.lstrip(bytes((byte,))))
    packet_ids = unpack(f">{2 * count}H", start[: 4 * count])[1::2]
    if 0 in packet_ids:
        packet_ids = packet_ids[: packet_ids.index(0)]
    return PubAckRun(packet_ids) if packet_ids else None


def packet_too_large(length: int, packet_bytes_max: int) -> ProtocolViolation:
    """Return the error for a received packet of `length` bytes, reason code 0x95 [MQTT-3.1.2-24]."""
    return ProtocolViolation(f"a packet of {length} bytes, and the maximum is {packet_bytes_max}", 0x95)


def packet_bytes(data: memoryview) -> int | None:
    """Return the length in bytes of the packet that starts `data`, None while its fixed header is incomplete.

    Raises:
        MalformedPacket: the Remaining Length has more than four bytes [MQTT-1.5.5-1].
    """
    length = 0
    for index in range(1, 5):
        if index >= len(data):
            return None
        byte = data[index]
        length |= (byte & 0x7F) << 7 * (index - 1)
        if byte < 0x80:
            return index + 1 + length
    raise MalformedPacket("a Remaining Length of more than four bytes [MQTT-1.5.5-1]")


def encode_publish(
    message: Message, packet_id: int | None, duplicate: bool, topic: str, topic_alias: int | None
) -> bytes:
    """Encode a PUBLISH. `packet_id` is None for QoS 0; `topic` is empty where `topic_alias` stands for it.

    Raises:
        LocalViolation: the message is longer than MQTT can carry, or a string in it is.
    """
    try:
        if (
            topic_alias is None
            and not message.user_properties
            and message.content_type is None
            and message.message_expiry_seconds is None
            and message.response_topic is None
            and message.correlation_data is None
            and not message.payload_format_indicator
        ):
            if message.retain or duplicate:
                return PublishPacket(
                    topic,
                    message.payload,
                    qos=_QOS[message.qos],
                    packet_id=packet_id,
                    retain=message.retain,
                    duplicate=duplicate,
                ).write()
            # The codec's price is by the argument, and nearly every message needs no more than these.
            return PublishPacket(topic, message.payload, qos=_QOS[message.qos], packet_id=packet_id).write()
        return PublishPacket(
            topic,
            message.payload,
            qos=_QOS[message.qos],
            retain=message.retain,
            packet_id=packet_id,
            duplicate=duplicate,
            payload_format_indicator=message.payload_format_indicator,
            message_expiry_interval=message.message_expiry_seconds,
            content_type=message.content_type,
            response_topic=message.response_topic,
            correlation_data=message.correlation_data,
            topic_alias=topic_alias,
            user_properties=list(message.user_properties),
        ).write()
    except ValueError as error:
        raise LocalViolation(f"a message that cannot be encoded: {error}", 0x95) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise LocalViolation("a message longer than an MQTT packet can be", 0x95) from None


def encode_puback(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode a PUBACK; `reason_code` is one of section 3.4.2.1."""
    if not reason_code:
        return _ACKNOWLEDGEMENT(0x40, 2, packet_id)
    return PubAckPacket(packet_id, reason_code=PubAckReasonCode(reason_code)).write()


def encode_puback_run(packet_ids: Sequence[int]) -> bytes:
    """Encode successive PUBACKs of reason code 0x00."""
    count = len(packet_ids)
    if count < PUBACK_RUN_MIN:
        return b"".join([_ACKNOWLEDGEMENT(0x40, 2, packet_id) for packet_id in packet_ids])
    identifiers = pack(f">{count}H", *packet_ids)
    run = bytearray(4 * count)
    for offset, byte in enumerate(_PUBACK_HEADER):
        run[offset::4] = bytes((byte,)) * count
    run[2::4] = identifiers[::2]
    run[3::4] = identifiers[1::2]
    return bytes(run)


def encode_pubrec(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode a PUBREC; `reason_code` is one of section 3.5.2.1."""
    if not reason_code:
        return _ACKNOWLEDGEMENT(0x50, 2, packet_id)
    return PubRecPacket(packet_id, reason_code=PubRecReasonCode(reason_code)).write()


def encode_pubcomp(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode a PUBCOMP; `reason_code` is 0x00 or 0x92."""
    if not reason_code:
        return _ACKNOWLEDGEMENT(0x70, 2, packet_id)
    return PubCompPacket(packet_id, reason_code=PubCompReasonCode(reason_code)).write()


def encode_disconnect(reason_code: int, session_expiry_seconds: int | None = None) -> bytes:
    """Encode a DISCONNECT; `session_expiry_seconds` changes the session's expiry, None leaves it."""
    return DisconnectPacket(
        reason_code=DisconnectReasonCode(reason_code), session_expiry_interval=session_expiry_seconds
    ).write()


def encode_auth(reason_code: int, method: str, data: bytes) -> bytes:
    """Encode an AUTH with a method and its data; `reason_code` is one of section 3.15.2.1."""
    return AuthPacket(
        reason_code=AuthReasonCode(reason_code), authentication_method=method, authentication_data=data
    ).write()
