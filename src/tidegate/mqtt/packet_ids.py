"""Packet identifiers of one session (section 2.2.1).

Knows which are in use. Does not know for what.
"""

from collections.abc import Collection

from tidegate.exceptions import LocalViolation

__all__ = ["PACKET_ID_MAX", "PacketIds"]

PACKET_ID_MAX = 65_535


class PacketIds:
    """Gives out identifiers in turn, skipping those in use [MQTT-2.2.1-3].

    `inflight` has those of messages in flight: whoever puts a message there and takes it away needs to say nothing here.
    """

    __slots__ = ("_inflight", "_last", "_taken")

    def __init__(self, inflight: Collection[int] = ()) -> None:
        self._last = 0
        self._inflight = inflight
        self._taken: set[int] = set()

    def __len__(self) -> int:
        return len(self._taken) + len(self._inflight)

    def next_free(self) -> int:
        """Return an unused identifier, 1 to 65535, for what is put in flight under it or taken by `take` before the next.

        Raises:
            LocalViolation: all are in use. The receive maximum keeps that from happening.
        """
        packet_id = self._last % PACKET_ID_MAX + 1
        if packet_id in self._inflight or packet_id in self._taken:
            if len(self) >= PACKET_ID_MAX:
                raise LocalViolation("all packet identifiers are in use", 0x91)
            while packet_id in self._inflight or packet_id in self._taken:
                packet_id = packet_id % PACKET_ID_MAX + 1
        self._last = packet_id
        return packet_id

    def allocate(self) -> int:
        """Return an unused identifier that is in use from now on, until `release`; raises what `next_free` does."""
        packet_id = self.next_free()
        self._taken.add(packet_id)
        return packet_id

    def take(self, packet_id: int) -> None:
        """Note that an unused identifier is in use from now on, until `release`."""
        self._taken.add(packet_id)

    def release(self, packet_id: int) -> None:
        """Give back an identifier that was allocated or taken."""
        self._taken.discard(packet_id)

    def clear(self) -> None:
        """Begin anew, with none allocated or taken."""
        self._taken.clear()
        self._last = 0
