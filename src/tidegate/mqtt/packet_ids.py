"""Packet identifiers of one session (section 2.2.1).

Knows which are in use. Does not know for what.
"""

from tidegate.exceptions import LocalViolation

__all__ = ["PACKET_ID_MAX", "PacketIds"]

PACKET_ID_MAX = 65_535


class PacketIds:
    """Gives out identifiers in turn, skipping those in use [MQTT-2.2.1-3]."""

    def __init__(self) -> None:
        self._last = 0
        self._in_use: set[int] = set()

    def __len__(self) -> int:
        return len(self._in_use)

    def allocate(self) -> int:
        """Return an unused identifier, 1 to 65535.

        Raises:
            LocalViolation: all are in use. The receive maximum keeps that from happening.
        """
        in_use = self._in_use
        packet_id = self._last % PACKET_ID_MAX + 1
        if packet_id in in_use:
            if len(in_use) >= PACKET_ID_MAX:
                raise LocalViolation("all packet identifiers are in use", 0x91)
            while packet_id in in_use:
                packet_id = packet_id % PACKET_ID_MAX + 1
        in_use.add(packet_id)
        self._last = packet_id
        return packet_id

    def take(self, packet_id: int) -> None:
        """Note an identifier that is in use already: that of a session from disk."""
        self._in_use.add(packet_id)

    def release(self, packet_id: int) -> None:
        """Give an identifier back."""
        self._in_use.discard(packet_id)

    def clear(self) -> None:
        """Begin anew, with none in use."""
        self._in_use.clear()
        self._last = 0
