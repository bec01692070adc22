"""One message encoded once for all who get the same bytes.

Knows where a PUBLISH has its packet identifier. Does not know who gets it.
"""

from tidegate.message import Message
from tidegate.mqtt.wire import Wire

__all__ = ["Image"]

_Key = tuple[Wire, int, bool, int | None, tuple[int, ...]]


class Image:
    """A message that several sessions may get, and the encodings of it that were needed so far."""

    __slots__ = ("_last", "_last_key", "_message", "_parts")

    def __init__(self, message: Message) -> None:
        self._message = message
        self._parts: dict[_Key, tuple[bytes, bytes]] = {}
        self._last_key: _Key | None = None
        self._last = (b"", b"")

    def packet(
        self,
        wire: Wire,
        qos: int,
        retain: bool,
        packet_id: int | None,
        expiry_seconds: int | None,
        subscription_ids: tuple[int, ...],
    ) -> bytes:
        """Return the PUBLISH; `packet_id` is None for QoS 0.

        Raises:
            LocalViolation: it is longer than MQTT can carry.
        """
        key = (wire, qos, retain, expiry_seconds, subscription_ids)
        # Nearly always the same as for the session before.
        parts = self._last if key == self._last_key else self._parts.get(key)
        if parts is None:
            data = wire.publish(self._message, qos, retain, packet_id, expiry_seconds, subscription_ids)
            parts = (data, b"")
            if packet_id is not None:
                start = 2
                while data[start - 1] >= 0x80:
                    start += 1
                end = start + 2 + int.from_bytes(data[start : start + 2], "big")
                parts = (data[:end], data[end + 2 :])
            self._parts[key] = parts
            self._last_key, self._last = key, parts
            return data
        if packet_id is None:
            return parts[0]
        return parts[0] + packet_id.to_bytes(2, "big") + parts[1]
