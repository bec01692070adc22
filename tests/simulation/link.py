"""One Network Connection between a client and a broker: bytes that take their time, split, stall and are cut.

Knows bytes. Does not know packets, nor who is at its two ends.
"""

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Protocol

from tests.simulation.timeline import Appointment, Timeline

__all__ = ["HIGH_WATER_BYTES", "End", "Link", "Network"]

# As in a socket's send buffer, only smaller: above it the writer is told to pause, below half of it to go on.
HIGH_WATER_BYTES = 2_000
CLOSE_SECONDS_MAX = 5.0


class End(Protocol):
    """Who is at one end of a link."""

    def data_received(self, data: bytes) -> None:
        """Take bytes."""

    def link_ended(self) -> None:
        """Take note that nothing comes any more; called once."""

    def writing_paused(self, is_paused: bool) -> None:
        """Take note that the other end does not keep up, or does again."""


@dataclass(frozen=True, slots=True)
class Network:
    """How bytes travel in a world: `delay_seconds` at most one way, `split_share` of the writes arrive in pieces."""

    delay_seconds: float
    split_share: float


class _Way:
    """One of the two directions. What was sent arrives in order, each piece when its time has come."""

    def __init__(self, link: "Link", receiver: End, sender: End) -> None:
        self.link = link
        self.receiver = receiver
        self.sender = sender
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.bytes_waiting = 0
        self.is_stalled = False
        self.is_paused = False
        self._last = 0.0
        self._appointment: Appointment | None = None

    def send(self, data: bytes) -> None:
        """Take bytes that arrive later."""
        random, network = self.link.random, self.link.network
        pieces = [data]
        if len(data) > 1 and random.random() < network.split_share:
            middle = random.randrange(1, len(data))
            pieces = [data[:middle], data[middle:]]
        for piece in pieces:
            self._last = max(self._last, self.link.timeline.now + random.random() * network.delay_seconds)
            self.waiting.append((self._last, piece))
            self.bytes_waiting += len(piece)
        self._arm()
        if self.bytes_waiting > HIGH_WATER_BYTES and not self.is_paused:
            self.is_paused = True
            self.sender.writing_paused(True)

    def resume(self) -> None:
        """Let what was stalled arrive."""
        self.is_stalled = False
        self._arm()

    def take_all(self) -> bytes:
        """Return what has not arrived yet, and forget it."""
        data = b"".join(piece for _, piece in self.waiting)
        self.waiting.clear()
        self.bytes_waiting = 0
        return data

    def _arm(self) -> None:
        if self.waiting and not self.is_stalled and (self._appointment is None or self._appointment.is_cancelled):
            self._appointment = self.link.timeline.at(self.waiting[0][0], self._arrive)

    def _arrive(self) -> None:
        self._appointment = None
        if self.is_stalled or self.link.is_over(self.receiver):
            return
        now = self.link.timeline.now
        arrived: list[bytes] = []
        while self.waiting and self.waiting[0][0] <= now:
            arrived.append(self.waiting.popleft()[1])
        data = b"".join(arrived)
        self.bytes_waiting -= len(data)
        if data:
            self.receiver.data_received(data)
        self._arm()
        if self.is_paused and self.bytes_waiting <= HIGH_WATER_BYTES // 2 and not self.link.is_over(self.sender):
            self.is_paused = False
            self.sender.writing_paused(False)


class Link:
    """A connection between two ends. Each end is told once that it is over."""

    def __init__(self, timeline: Timeline, random: Random, network: Network, client: End, broker: End) -> None:
        self.timeline = timeline
        self.random = random
        self.network = network
        self._client = client
        self._broker = broker
        self._to_broker = _Way(self, broker, client)
        self._to_client = _Way(self, client, broker)
        self._over: list[End] = []

    def is_over(self, end: End) -> bool:
        """Tell whether one end has been told that the link is over, or has closed it."""
        return any(over is end for over in self._over)

    def send(self, sender: End, data: bytes) -> None:
        """Write bytes at one end; after the end of the link they go nowhere."""
        if not self.is_over(sender):
            (self._to_broker if sender is self._client else self._to_client).send(data)

    def close(self, closer: End) -> None:
        """Close at one end: what it wrote still arrives, unless the link is stalled; what it has not read is gone."""
        if self.is_over(closer):
            return
        self._over.append(closer)
        out = self._to_broker if closer is self._client else self._to_client
        other = out.receiver
        if out.is_stalled:
            # A peer that does not read: the closing end gives up after its time, the peer learns nothing.
            self.timeline.after(CLOSE_SECONDS_MAX, closer.link_ended)
            return
        # A moment after the last byte, whose appointment may be made later than this one.
        last = max((at for at, _ in out.waiting), default=self.timeline.now) + 1e-6
        self.timeline.at(last, lambda: None if out.is_stalled else self._end(other))
        self.timeline.at(last, closer.link_ended)

    def cut(self) -> None:
        """Break the link now, at any byte: of what is on its way some still arrives, and the rest never."""
        for way in (self._to_broker, self._to_client):
            data = way.take_all()
            if data and not way.is_stalled and not self.is_over(way.receiver):
                data = data[: self.random.randint(0, len(data))]
                if data:
                    way.receiver.data_received(data)
        for end in (self._broker, self._client):
            self._end(end)

    def stall(self) -> None:
        """Let nothing arrive, either way."""
        self._to_broker.is_stalled = self._to_client.is_stalled = True

    def resume(self) -> None:
        """End a stall."""
        self._to_broker.resume()
        self._to_client.resume()

    def _end(self, end: End) -> None:
        if not self.is_over(end):
            self._over.append(end)
            end.link_ended()
