"""The broker's end of one link: packets of a client to the core, and of the core to the client.

Knows when the core is given bytes and asked for them, as `engine/broker_host.py` does it for a socket. Does not know what the
packets mean: it shows them to those who look (`conduct`, `books`), and to the one who may change them (`meddler`).
"""

from collections.abc import Callable
from typing import Protocol

import mqtt5 as packets

from tests.simulation.books import Tap
from tests.simulation.conduct import Conduct
from tests.simulation.link import Link
from tests.simulation.publication import describe, split
from tidegate.broker.broker import Broker
from tidegate.broker.connection import Connection
from tidegate.moment import Moment

__all__ = ["CONNACK", "Door", "Hand", "Note", "Whole"]

CONNACK = 0x20

Whole = tuple[packets.Packet, bytes]


Note = Callable[[str, str], None]
"""Takes a line for the trace: where, and what."""


class Host(Protocol):
    """What a door needs of its server."""

    def receive(self, door: "Door", data: bytes) -> None:
        """Take bytes from a client."""

    def lost(self, door: "Door") -> None:
        """Take note that a connection is gone."""

    def set_writable(self, door: "Door", is_writable: bool) -> None:
        """Take note that a client keeps up, or does not."""


class Hand(Protocol):
    """What may change, hold back or answer a packet between link and core; None lets nothing through for now."""

    def received(self, whole: Whole) -> Whole | None:
        """Return what the core is to see in the place of a packet."""

    def sent(self, whole: Whole) -> Whole | None:
        """Return what is to leave in the place of a packet."""


class Door:
    """The broker's end; an `End` of a link. `conduct` is None for clients of the world's own, `note` without a trace."""

    def __init__(
        self, name: str, host: Host, tap: Tap, conduct: Conduct | None = None, note: Note | None = None
    ) -> None:
        self.name = name
        self.hand: Hand | None = None
        self.conduct = conduct
        self.link: Link
        self.connection: Connection
        self.is_over = False
        self._host = host
        self._tap = tap
        self._note = note
        self._rest = b""
        self._unread = b""
        self._is_reading = True
        self._is_closing = False

    @property
    def is_writing(self) -> bool:
        """Whether what is written still leaves."""
        return not self.is_over and not self._is_closing

    def opened(self, link: Link, connection: Connection) -> None:
        """Take note of the link and of the core's connection."""
        self.link = link
        self.connection = connection

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client; what is not to be read now waits in the socket."""
        if self.is_over or self._is_closing:
            return
        if self._unread or not self._is_reading:
            self._unread += data
            return
        whole, self._rest = split(self._rest + data)
        passing: list[Whole] = []
        for each in whole:
            passed: Whole | None = each
            if self._note is not None:
                self._note(self.name, f"< {describe(each[0])}")
            if self.conduct is not None:
                self.conduct.received(each[0])
            if self.hand is not None:
                passed = self.hand.received(each)
            if not self.is_writing:
                return
            if passed is not None:
                passing.append(passed)
        if passing:
            self.pass_on(passing)

    def pass_on(self, whole: list[Whole]) -> None:
        """Give packets to the core."""
        if self.is_over or self._is_closing:
            return
        for packet, _ in whole:
            self._tap.received(packet)
        self._host.receive(self, b"".join(data for _, data in whole))

    def follow(self, core: Broker, now: Moment) -> None:
        """Write, close, and read or hold back, as the core wants it."""
        if self._is_closing or self.is_over:
            return
        connection = self.connection
        if connection.output:
            whole, rest = split(b"".join(core.take_output(connection, now)))
            assert not rest, "the core writes whole packets"
            leaving: list[Whole] = []
            for each in whole:
                self._tap.sent(each[0])
                left = each if self.hand is None else self.hand.sent(each)
                if left is not None:
                    leaving.append(left)
            self.write(leaving)
        if connection.wants_close:
            self.close()
            return
        wants = connection.wants_reading
        if wants is not self._is_reading:
            self._is_reading = wants
            if wants:
                core.resume_reading(connection, now)
                self.link.timeline.after(0.0, self._read_on)

    def write(self, whole: list[Whole]) -> None:
        """Send packets to the client."""
        if not self.is_writing or not whole:
            return
        for packet, _ in whole:
            if self._note is not None:
                self._note(self.name, f"> {describe(packet)}")
            if self.conduct is not None:
                self.conduct.sent(packet)
        self.link.send(self, b"".join(data for _, data in whole))

    def close(self) -> None:
        """Close the link once everything is written."""
        if not self._is_closing:
            self._is_closing = True
            self.link.close(self)

    def link_ended(self) -> None:
        """Take note that the connection is gone."""
        if self.is_over:
            return
        self.is_over = True
        if self._note is not None:
            self._note(self.name, "connection ended")
        if self.conduct is not None:
            self.conduct.ended()
        self._tap.ended()
        self._host.lost(self)

    def writing_paused(self, is_paused: bool) -> None:
        """Pass on that the socket is full, or is not any more."""
        self._host.set_writable(self, not is_paused)

    def die(self) -> None:
        """End with the process: nobody reads what still comes, and the client may get some of what was written."""
        self.link_ended()
        self.link.cut()

    def disconnect(self, reason_code: int) -> None:
        """Say DISCONNECT in the core's place, and close."""
        packet = packets.DisconnectPacket(reason_code=packets.DisconnectReasonCode(reason_code))
        self.write([(packet, packet.write())])
        self.close()

    def inject(self, data: bytes) -> None:
        """Write bytes that are no packet."""
        if self._note is not None:
            self._note(self.name, f"> garbage {data.hex()}")
        for packet, _ in split(data)[0] if data[0] == CONNACK else ():
            if self.conduct is not None:
                # To the client that is one like any other.
                self.conduct.sent(packet)
        if not self._is_closing:
            self.link.send(self, data)

    def _read_on(self) -> None:
        if self._unread and self._is_reading:
            data, self._unread = self._unread, b""
            self.data_received(data)
