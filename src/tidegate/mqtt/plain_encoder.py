"""PUBLISH packets of MQTT 5 without properties, encoded by what was encoded for their topic before: nearly all that leaves.

Knows the one simple form, the counterpart of `plain_publish`, and leaves every other to the codec (`packets`), whose price is
by the argument.
"""

from struct import Struct

from tidegate.message import Message
from tidegate.mqtt.packets import encode_delivery
from tidegate.mqtt.plain_publish import TOPIC_KNOWN_BYTES_MAX, TOPICS_KNOWN_MAX

__all__ = ["PlainEncoder"]

_START = Struct(">BBBH").pack
_ID_AND_NO_PROPERTIES = Struct(">HB").pack
_NO_PROPERTIES = b"\0"


class PlainEncoder:
    """Encodes messages; remembers for each topic the head of the last, that is the fixed header and the topic name.

    A topic's messages mostly have one QoS and size. Of topics longer than `TOPIC_KNOWN_BYTES_MAX` nothing is remembered, and of
    more than `TOPICS_KNOWN_MAX` all are forgotten.
    """

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: dict[str, tuple[int, int, bytes]] = {}

    def encode(
        self,
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
        """Do what `packets.encode_delivery` does.

        Raises:
            LocalViolation: the message is longer than MQTT can carry, or a string in it is.
        """
        if (
            topic_alias is None
            and expiry_seconds is None
            and not subscription_ids
            and not message.user_properties
            and message.content_type is None
            and message.response_topic is None
            and message.correlation_data is None
            and not message.payload_format_indicator
        ):
            payload = message.payload
            flags = duplicate << 3 | qos << 1 | retain
            known = self._heads.get(message.topic)
            if known is not None and known[0] == len(payload) and known[1] == flags:
                head = known[2]
            else:
                head = self._head(message.topic, len(payload), flags)
            if head:
                return head + (_NO_PROPERTIES if packet_id is None else _ID_AND_NO_PROPERTIES(packet_id, 0)) + payload
        return encode_delivery(
            message, qos, retain, packet_id, expiry_seconds, subscription_ids, topic_alias, topic, duplicate
        )

    def _head(self, topic: str, payload_bytes: int, flags: int) -> bytes:
        """Return the fixed header, whose length has two bytes, and the topic name; nothing where they have another form."""
        try:
            name = topic.encode()
        except UnicodeEncodeError:
            return b""
        length = 2 + len(name) + (3 if flags & 0x06 else 1) + payload_bytes
        if not 0x80 <= length < 0x4000:
            return b""
        head = _START(0x30 | flags, length & 0x7F | 0x80, length >> 7, len(name)) + name
        if len(name) <= TOPIC_KNOWN_BYTES_MAX:
            if len(self._heads) >= TOPICS_KNOWN_MAX:
                self._heads.clear()
            self._heads[topic] = (payload_bytes, flags, head)
        return head
