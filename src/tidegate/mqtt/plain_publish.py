"""PUBLISH packets of MQTT 5 without properties, straight to messages: nearly all of what a busy connection brings.

Knows the one simple form, and leaves every other packet, and everything that is wrong, to the codec (`packets`).
"""

from tidegate.message import Message
from tidegate.mqtt.packets import ReceivedPacket
from tidegate.mqtt.received import MessageReceived

__all__ = ["TOPICS_KNOWN_MAX", "TOPIC_KNOWN_BYTES_MAX", "take_plain_publishes"]

TOPICS_KNOWN_MAX = 1_024
"""How many topic names are remembered that were checked; when there are more, all are forgotten."""

TOPIC_KNOWN_BYTES_MAX = 128
"""The longest topic name that is remembered."""

_BYTES_MIN = 6
"""The shortest of these packets: a topic of one letter, QoS 0 and no payload."""

_known: dict[bytes, str] = {}


def take_plain_publishes(data: bytes, packets: list[ReceivedPacket], packet_bytes_max: int) -> int:
    """Append a message for each PUBLISH at the start of `data` that is whole and has no properties.

    Returns:
        How many bytes they had. What follows is something else: incomplete, wrong or in need of the codec.
    """
    position = 0
    end = len(data)
    while position + _BYTES_MIN <= end:
        first = data[position]
        length = data[position + 1]
        start = position + 2
        if length >= 0x80:
            high = data[start]
            if not 0 < high < 0x80:
                break
            length += (high << 7) - 0x80
            start += 1
        qos = first >> 1 & 3
        # QoS 3 [MQTT-3.3.1-4], DUP with QoS 0 [MQTT-3.3.1-2].
        if first >> 4 != 3 or qos == 3 or first & 0x0E == 0x08:
            break
        following = start + length
        size = following - position
        name_end = start + 2 + (data[start] << 8 | data[start + 1])
        payload_start = name_end + 3 if qos else name_end + 1
        if following > end or size > packet_bytes_max or payload_start > following:
            break
        name = data[start + 2 : name_end]
        topic = _known.get(name) or _checked(name)
        if topic is None:
            break
        head = data[position:name_end]
        packet_id = 0
        while True:
            if qos:
                packet_id = data[name_end] << 8 | data[name_end + 1]
                name_end += size
                # Packet identifier 0 [MQTT-2.2.1-4].
                if not packet_id:
                    return position
            if data[payload_start - 1]:
                return position
            message = Message(topic, data[payload_start:following], qos, first & 0x01 == 1)
            packets.append(MessageReceived(message, packet_id, first & 0x08 == 8))
            position = following
            following += size
            # The next one mostly has the same length and topic, and then nothing of that is to be looked at again.
            if following > end or not data.startswith(head, position):
                break
            payload_start += size
    return position


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
