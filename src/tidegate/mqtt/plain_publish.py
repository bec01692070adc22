"""PUBLISH packets of MQTT 5 without properties, straight to messages: nearly all of what a busy connection brings.

Knows the one simple form, and leaves every other packet, and everything that is wrong, to the codec (`packets`).
"""

from collections.abc import Callable
from struct import Struct
from typing import Any

from tidegate.message import Message
from tidegate.mqtt.fixed_header import PUBLISH
from tidegate.mqtt.packets import ReceivedPacket
from tidegate.mqtt.received import MessageReceived

__all__ = ["FORMS_KNOWN_MAX", "TOPICS_KNOWN_MAX", "TOPIC_KNOWN_BYTES_MAX", "PlainPublishes"]

TOPICS_KNOWN_MAX = 1_024
"""How many topic names are remembered that were checked; when there are more, all are forgotten."""

TOPIC_KNOWN_BYTES_MAX = 128
"""The longest topic name that is remembered."""

FORMS_KNOWN_MAX = 4_096
"""How many forms of packets with such topics are remembered: there is one for each topic, size and flags."""

_BYTES_MIN = 6
"""The shortest of these packets: a topic of one letter, QoS 0 and no payload."""

_Form = tuple[bytes, int, int, Callable[[bytes, int], tuple[Any, ...]], str, int, bool, bool]
"""What follows from the head of a packet, that is its fixed header and topic name: the head, the size of the packet, where its
payload begins, what takes head, packet identifier (QoS 1 and 2) and length of the properties, topic, QoS, RETAIN, DUP."""

_known: dict[bytes, str] = {}
_forms: dict[bytes, _Form] = {}
_layouts: dict[tuple[int, bool], Callable[[bytes, int], tuple[Any, ...]]] = {}


class PlainPublishes:
    """Takes them off the front of what is read, and remembers the form of the last: the next one mostly has the same.

    Its head is then not looked at again, nor checked; nor is one that was seen before, on whatever connection.
    """

    __slots__ = ("_form",)

    def __init__(self) -> None:
        self._form: _Form | None = None

    def take(self, data: bytes, packets: list[ReceivedPacket], packet_bytes_max: int) -> int:
        """Append a message for each PUBLISH at the start of `data` that is whole and has no properties.

        `packet_bytes_max` is the same in every call.

        Returns:
            How many bytes they had. What follows is something else: incomplete, wrong or in need of the codec.
        """
        position = 0
        end = len(data)
        form = self._form
        while form is not None or (form := _form_of(data, position, packet_bytes_max)) is not None:
            head, size, payload_at, unpack, topic, qos, retain, duplicate = form
            packet_id = 0
            following = position + size
            while following <= end:
                if qos:
                    found, packet_id, properties_bytes = unpack(data, position)
                else:
                    found, properties_bytes = unpack(data, position)
                if found != head:
                    break
                # [MQTT-2.2.1-4] for the identifier.
                if properties_bytes or (qos and not packet_id):
                    return position
                message = Message(topic, data[position + payload_at : following], qos, retain)
                packets.append(MessageReceived(message, packet_id, duplicate))
                position = following
                following += size
            self._form, form = form, None
        return position


def _form_of(data: bytes, position: int, packet_bytes_max: int) -> _Form | None:
    """Return the form of the packet at `position`, None where it is none to take, apart from what is behind its head."""
    end = len(data)
    if position + _BYTES_MIN > end or data[position] >> 4 != PUBLISH:
        return None
    length = data[position + 1]
    start = position + 2
    if length >= 0x80:
        high = data[start]
        if not 0 < high < 0x80:
            return None
        length += (high << 7) - 0x80
        start += 1
    size = start + length - position
    if position + size > end or size > packet_bytes_max:
        return None
    head = data[position : start + 2 + (data[start] << 8 | data[start + 1])]
    return _forms.get(head) or _new_form(head, start - position, size)


def _new_form(head: bytes, name_at: int, size: int) -> _Form | None:
    """Return the form of packets of a head, and remember it; `name_at` is where the topic name with its length begins."""
    first = head[0]
    qos = first >> 1 & 3
    payload_at = len(head) + (3 if qos else 1)
    # QoS 3 [MQTT-3.3.1-4], DUP with QoS 0 [MQTT-3.3.1-2].
    if qos == 3 or first & 0x0E == 0x08 or payload_at > size:
        return None
    name = head[name_at + 2 :]
    topic = _known.get(name) or _checked(name)
    if topic is None:
        return None
    form = (head, size, payload_at, _layout(len(head), qos > 0), topic, qos, first & 0x01 == 1, first & 0x08 == 8)
    if len(name) <= TOPIC_KNOWN_BYTES_MAX:
        if len(_forms) >= FORMS_KNOWN_MAX:
            _forms.clear()
        _forms[head] = form
    return form


def _layout(head_bytes: int, has_packet_id: bool) -> Callable[[bytes, int], tuple[Any, ...]]:
    """Return the `unpack` of a form: one call, for one for each field costs more."""
    unpack = _layouts.get((head_bytes, has_packet_id))
    if unpack is None:
        unpack = Struct(f">{head_bytes}s{'HB' if has_packet_id else 'B'}").unpack_from
        if head_bytes <= TOPIC_KNOWN_BYTES_MAX:
            _layouts[head_bytes, has_packet_id] = unpack
    return unpack


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
