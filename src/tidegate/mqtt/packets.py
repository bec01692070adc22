"""The only door to the codec: bytes to packets and back, with the codec's gaps closed.

Knows which bytes are a valid packet. Does not know state: whether a packet may come now is `mqtt/state.py`'s question.

The codec (`mqtt5`) raises IndexError for too few bytes, ValueError for bad ones and, for invalid UTF-8, a PanicException
that derives from BaseException. It lets pass packet id 0, DUP with QoS 0, wildcards and NUL in topic names, and connect
flags that do not go together, and does not know the AUTH packet of zero length. All of it ends here as our own errors.

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
    PubRelReasonCode,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
    Will,
)
from mqtt5 import read as read_packet

from tidegate.exceptions import LocalViolation, MalformedPacket, MqttError, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt.fixed_header import PACKET_BYTES_MAX, PACKET_TYPE_NAMES, packet_bytes, packet_too_large
from tidegate.mqtt.received import MessageReceived
from tidegate.mqtt.unread_bits import check_connect_flags, check_subscription_options

__all__ = [
    "PINGREQ",
    "PINGRESP",
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
    "Will",
    "decode",
    "decode_gathering",
    "encode_auth",
    "encode_delivery",
    "encode_disconnect",
    "encode_puback",
    "encode_puback_run",
    "encode_pubcomp",
    "encode_publish",
    "encode_pubrec",
    "encode_pubrel",
    "puback_run",
]

PINGREQ = PingReqPacket().write()
PINGRESP = PingRespPacket().write()

PUBACK_RUN_MIN = 4
"""From how many PUBACKs gathering them pays."""

PUBACK_RUN_MAX = 1024
"""How many PUBACKs are gathered into one run, which bounds what looking for a run may cost."""


class PubAckRun(msgspec.Struct, frozen=True):
    """Successive PUBACKs of reason code 0x00, whose packet ids are all that they say.

    A server that is kept busy answers in runs, and a packet object for each would cost as much as the message itself.
    """

    packet_ids: tuple[int, ...]


ReceivedPacket = Packet | PubAckRun | MessageReceived

_QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.EXACTLY_ONCE)
_ACKNOWLEDGEMENT = Struct(">BBH").pack
_ACKNOWLEDGEMENT_WITH_REASON = Struct(">BBHB").pack
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
_PUBACK = _PUBACK_HEADER[0]
_EMPTY_AUTH = b"\xf0\x00"
_PROTOCOL_ERRORS = {
    "Topic alias must be != 0": 0x94,
    "Topic alias must be set": 0x82,
    "Duplicate value": 0x82,
    "must be != 0": 0x82,
    "Invalid boolean": 0x82,
}
"""What the codec says of packets that are well-formed, and which reason code the specification has for it."""


def decode(data: memoryview, packets: list[Packet], packet_bytes_max: int = PACKET_BYTES_MAX) -> int:
    """Append every whole packet at the start of `data` to `packets` and return how many bytes they took.

    Raises:
        MalformedPacket: the bytes after the appended packets are no MQTT 5 packet.
        ProtocolViolation: the packet after the appended ones is longer than `packet_bytes_max` (0x95), has a property twice
            or one with a value that it may not have (0x82), or topic alias 0 (0x94).
    """
    return decode_gathering(data, cast("list[ReceivedPacket]", packets), packet_bytes_max, gathers_pubacks=False)


def decode_gathering(
    data: memoryview,
    packets: list[ReceivedPacket],
    packet_bytes_max: int = PACKET_BYTES_MAX,
    *,
    gathers_pubacks: bool = True,
) -> int:
    """Do what `decode` does, with a `PubAckRun` in the place of PUBACKs that say nothing but success.

    Raises:
        MalformedPacket: the bytes after the appended packets are no MQTT 5 packet.
        ProtocolViolation: the packet after the appended ones is longer than `packet_bytes_max` (0x95), has a property twice
            or one with a value that it may not have (0x82), or topic alias 0 (0x94).
    """
    position = 0
    end = len(data)
    puback_run_end = end - 4 * PUBACK_RUN_MIN if gathers_pubacks else -1
    while position < end:
        if position <= puback_run_end and data[position] == _PUBACK and (run := puback_run(data[position:])):
            packets.append(run)
            position += 4 * len(run.packet_ids)
            continue
        rest = data[position:] if position else data
        try:
            packet, length = read_packet(rest)
        except BaseException as error:
            known = _not_decoded(rest, error)
            if known is None:
                break
            packet, length = known
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
        elif type(packet) is ConnectPacket:
            check_connect_flags(rest[:length])
        elif isinstance(packet, _WITH_PACKET_ID):
            if packet.packet_id == 0:
                raise MalformedPacket(f"{PACKET_TYPE_NAMES[rest[0] >> 4]} with packet identifier 0 [MQTT-2.2.1-3]")
            if type(packet) is SubscribePacket:
                check_subscription_options(rest[:length])
        packets.append(packet)
        position += length
    return position


def _not_decoded(rest: memoryview, error: BaseException) -> tuple[Packet, int] | None:
    """Return the one packet that the codec does not know, or None for an incomplete one; raise what else `error` means."""
    if isinstance(error, IndexError):
        needed = packet_bytes(rest)
        if needed is not None and needed <= len(rest):
            raise MalformedPacket("a packet whose fields are longer than itself") from None
        return None
    if isinstance(error, ValueError):
        # Section 3.15.2.1: an AUTH of reason code 0x00 without properties may have a Remaining Length of 0.
        if rest[: len(_EMPTY_AUTH)] == _EMPTY_AUTH:
            return AuthPacket(), len(_EMPTY_AUTH)
        raise _broken_rule(f"{PACKET_TYPE_NAMES[rest[0] >> 4]}: {error}") from None
    # The codec panics on invalid UTF-8 [MQTT-1.5.4-1]; its exception type cannot be imported, so it is known by name.
    if type(error).__name__ == "PanicException":
        raise MalformedPacket(f"{PACKET_TYPE_NAMES[rest[0] >> 4]}: a string that is not UTF-8") from None
    raise error


def _broken_rule(detail: str) -> MqttError:
    """Return what to raise for what the codec found: what parses and breaks a rule is a protocol error (section 1.2)."""
    for words, reason_code in _PROTOCOL_ERRORS.items():
        if words in detail:
            return ProtocolViolation(detail, reason_code)
    return MalformedPacket(detail)


def puback_run(data: memoryview) -> PubAckRun | None:
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


def encode_publish(
    message: Message, packet_id: int | None, duplicate: bool, topic: str, topic_alias: int | None
) -> bytes:
    """Encode a PUBLISH. `packet_id` is None for QoS 0; `topic` is empty where `topic_alias` stands for it.

    Raises:
        LocalViolation: the message is longer than MQTT can carry, or a string in it is.
    """
    expiry, qos, retain = message.message_expiry_seconds, message.qos, message.retain
    return encode_delivery(message, qos, retain, packet_id, expiry, (), topic_alias, topic, duplicate)


def encode_delivery(
    message: Message,
    qos: int,
    retain: bool,
    packet_id: int | None,
    expiry_seconds: int | None = None,
    subscription_ids: tuple[int, ...] = (),
    topic_alias: int | None = None,
    topic: str | None = None,
    duplicate: bool = False,
) -> bytes:
    """Encode the PUBLISH by which a server delivers `message`, with its own QoS, RETAIN, expiry and identifiers.

    `topic` stands for the message's own where an alias does (then it may be empty).

    Raises:
        LocalViolation: the message is longer than MQTT can carry, or a string in it is.
    """
    try:
        return PublishPacket(
            message.topic if topic is None else topic,
            message.payload,
            qos=_QOS[qos],
            retain=retain,
            packet_id=packet_id,
            duplicate=duplicate,
            payload_format_indicator=message.payload_format_indicator,
            message_expiry_interval=expiry_seconds,
            content_type=message.content_type,
            response_topic=message.response_topic,
            correlation_data=message.correlation_data,
            subscription_ids=list(subscription_ids),
            topic_alias=topic_alias,
            user_properties=list(message.user_properties),
        ).write()
    except BaseException as error:
        raise _not_encoded(error) from None


def _not_encoded(error: BaseException) -> BaseException:
    """Return what to raise for an error of the codec: a violation, or the error where it is none of that."""
    if isinstance(error, ValueError):
        return LocalViolation(f"a message that cannot be encoded: {error}", 0x95)
    if type(error).__name__ == "PanicException":
        return LocalViolation("a message longer than an MQTT packet can be", 0x95)
    return error


def encode_puback(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode a PUBACK; `reason_code` is one of section 3.4.2.1."""
    if not reason_code:
        return _ACKNOWLEDGEMENT(0x40, 2, packet_id)
    # Without properties their length may be left out (section 3.4.2.2.1).
    return _ACKNOWLEDGEMENT_WITH_REASON(0x40, 3, packet_id, reason_code)


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


def encode_pubrel(packet_id: int, reason_code: int = 0) -> bytes:
    """Encode a PUBREL; `reason_code` is 0x00 or 0x92."""
    if not reason_code:
        return _ACKNOWLEDGEMENT(0x62, 2, packet_id)
    return PubRelPacket(packet_id, reason_code=PubRelReasonCode(reason_code)).write()


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
