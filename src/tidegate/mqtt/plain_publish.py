"""PUBLISH packets of MQTT 5 without properties, straight to messages: nearly all of what a busy connection brings.

Knows the one simple form, and leaves every other packet, and everything that is wrong, to the codec (`packets`).
"""

from tidegate.message import Message
from tidegate.mqtt.fixed_header import PUBLISH
from tidegate.mqtt.packets import ReceivedPacket
from tidegate.mqtt.received import MessageReceived

__all__ = ["TOPICS_KNOWN_MAX", "TOPIC_KNOWN_BYTES_MAX", "PlainPublishes"]

TOPICS_KNOWN_MAX = 1_024
"""How many topic names are remembered that were checked; when there are more, all are forgotten."""

TOPIC_KNOWN_BYTES_MAX = 128
"""The longest topic name that is remembered."""

_BYTES_MIN = 6
"""The shortest of these packets: a topic of one letter, QoS 0 and no payload."""

_known: dict[bytes, str] = {}


class PlainPublishes:
    """Takes them off the front of what is read, and remembers the form of the last: the next one mostly has the same.

    Its head, that is the fixed header and the topic name, is then not looked at again, nor checked.
    """

    __slots__ = ("_duplicate", "_head", "_payload_at", "_qos", "_retain", "_size", "_topic")

    def __init__(self) -> None:
        self._head = b""
        self._size = 0
        self._payload_at = 0
        self._topic = ""
        self._qos = 0
        self._retain = False
        self._duplicate = False

    def take(self, data: bytes, packets: list[ReceivedPacket], packet_bytes_max: int) -> int:
        """Append a message for each PUBLISH at the start of `data` that is whole and has no properties.

        `packet_bytes_max` is the same in every call.

        Returns:
            How many bytes they had. What follows is something else: incomplete, wrong or in need of the codec.
        """
        position = packet_id = 0
        end = len(data)
        head, size, qos = self._head, self._size, self._qos
        while True:
            if not size or position + size > end or not data.startswith(head, position):
                if not self._learn(data, position, packet_bytes_max):
                    return position
                head, size, qos, packet_id = self._head, self._size, self._qos, 0
            payload_start = position + self._payload_at
            # The length of the properties.
            if data[payload_start - 1]:
                return position
            if qos:
                packet_id = data[payload_start - 3] << 8 | data[payload_start - 2]
                if not packet_id:  # [MQTT-2.2.1-4]
                    return position
            following = position + size
            message = Message(self._topic, data[payload_start:following], qos, self._retain)
            packets.append(MessageReceived(message, packet_id, self._duplicate))
            position = following

    def _learn(self, data: bytes, position: int, packet_bytes_max: int) -> bool:
        """Remember the form of the packet at `position`; tell whether it is one to take, apart from what is behind its head."""
        end = len(data)
        if position + _BYTES_MIN > end:
            return False
        first = data[position]
        qos = first >> 1 & 3
        # QoS 3 [MQTT-3.3.1-4], DUP with QoS 0 [MQTT-3.3.1-2].
        if first >> 4 != PUBLISH or qos == 3 or first & 0x0E == 0x08:
            return False
        length = data[position + 1]
        start = position + 2
        if length >= 0x80:
            high = data[start]
            if not 0 < high < 0x80:
                return False
            length += (high << 7) - 0x80
            start += 1
        following = start + length
        name_end = start + 2 + (data[start] << 8 | data[start + 1])
        payload_start = name_end + 3 if qos else name_end + 1
        if following > end or following - position > packet_bytes_max or payload_start > following:
            return False
        name = data[start + 2 : name_end]
        topic = _known.get(name) or _checked(name)
        if topic is None:
            return False
        self._head = data[position:name_end]
        self._size = following - position
        self._payload_at = payload_start - position
        self._topic = topic
        self._qos = qos
        self._retain = first & 0x01 == 1
        self._duplicate = first & 0x08 == 8
        return True


def _checked(name: bytes) -> str | None:
    """Return a topic name that may be in a PUBLISH, and remember it; None for any other."""
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        return None
    if not topic or "+" in topic or "#" in topic or "\0" in topic:
        return None
    if len(name) <= TOPIC_KNOWN_BYTES_MAX:
        if len(_known) >= TOPICS_KNOWN_MAX:
            _known.clear()
        _known[name] = topic
    return topic
