"""What runs a relay in a world: the same calls as `net/driver.py`, and the engine's rules of dialling again.

Knows links, the fake clock and events. Does not know brokers beyond dialling them, nor what is promised.
"""

from collections.abc import Callable
from typing import Protocol

from tests.simulation.link import Link
from tests.simulation.oversight import Oversight
from tests.simulation.timeline import Appointment, Timeline
from tidegate.flow.events import ConnectionEnded, Drained, RelayEvent, Side
from tidegate.flow.relay import Relay
from tidegate.moment import Moment

__all__ = ["Host", "World"]

BACKOFF_SECONDS_MIN = 0.128
BACKOFF_SECONDS_MAX = 60.0
GOOD_CONNECTION_SECONDS = 10.0
SLOW_SECONDS = 60.0


class World(Protocol):
    """What a host needs of its world."""

    timeline: Timeline
    oversight: Oversight

    def dial(self, side: Side, end: "RelayEnd") -> Link | None:
        """Return a new link, None where the broker cannot be reached."""

    def relay_event(self, event: RelayEvent) -> None:
        """Take note of an event, before the bytes that follow from it leave."""


class RelayEnd:
    """The relay's end of one link."""

    def __init__(self, host: "Host", side: Side) -> None:
        self.host = host
        self.side = side
        self.link: Link | None = None
        self.opened_at = host.world.timeline.now
        self.is_closing = False
        self._unread = b""

    @property
    def has_unread(self) -> bool:
        """Tell whether something waits in the socket."""
        return bool(self._unread)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the broker; what is not to be read now waits in the socket."""
        host, side = self.host, self.side
        if host.is_dead or host.relay.wants_close(side):
            return
        if side is Side.SOURCE and (self._unread or not host.relay.reads_source):
            self._unread += data
            return
        host.step(lambda relay, now: relay.receive_data(side, data, now))
        host.world.oversight.relay_received(side, data, not host.relay.wants_close(side))

    def read_on(self) -> None:
        """Take what has waited in the socket."""
        if self._unread and self.host.relay.reads_source:
            data, self._unread = self._unread, b""
            self.data_received(data)

    def link_ended(self) -> None:
        """Take note that the link is gone."""
        if not self.host.is_dead:
            self.host.ended(self)

    def writing_paused(self, is_paused: bool) -> None:
        """Pass on that the socket is full, or is not any more; as in an event loop this happens inside a write."""
        if not self.host.is_dead:
            self.host.step(lambda relay, now: relay.set_writable(self.side, not is_paused, now))


class Host:
    """One life of the relay's process."""

    def __init__(self, world: World, relay: Relay) -> None:
        self.world = world
        self.relay = relay
        self.ends: dict[Side, RelayEnd | None] = {side: None for side in Side}
        self.is_dead = False
        self.has_drained = False
        self.unsettled = 0
        self._backoff = {side: BACKOFF_SECONDS_MIN for side in Side}
        self._retries: dict[Side, Appointment | None] = {side: None for side in Side}
        self._taken_over_at: dict[Side, float] = {}
        self._timer: Appointment | None = None

    def start(self) -> None:
        """Dial both sides."""
        for side in Side:
            self._dial(side)

    def kill(self) -> None:
        """Die without a word."""
        self.is_dead = True
        for end in self.ends.values():
            if end is not None and end.link is not None:
                end.link.cut()

    def dial_again_now(self) -> None:
        """Do what an edit or a new credential does: dial at once what waits."""
        for side in Side:
            if self._retries[side] is not None:
                self._dial_after(side, 0.0)

    def step(self, action: Callable[[Relay, Moment], None]) -> None:
        """Run one step of the relay and do what follows."""
        now = self.world.timeline.moment()
        action(self.relay, now)
        self._flush(now)
        self.world.oversight.relay_stepped(self.relay)

    def ended(self, end: RelayEnd) -> None:
        """Tell the relay that a link is gone."""
        side = end.side
        if self.ends[side] is not end:
            return
        self.ends[side] = None
        if self.world.timeline.now - end.opened_at >= GOOD_CONNECTION_SECONDS:
            self._backoff[side] = BACKOFF_SECONDS_MIN
        self.world.oversight.relay_ending(side, self.relay)
        self.step(lambda relay, now: relay.connection_lost(side, "the connection was closed by the server", now))

    def _dial(self, side: Side) -> None:
        self._retries[side] = None
        if self.is_dead or self.has_drained:
            return
        assert self.ends[side] is None, f"the {side.value} is dialled twice"
        end = RelayEnd(self, side)
        link = self.world.dial(side, end)
        if link is None:
            self._dial_after(side, self._next_backoff(side))
            return
        end.link = link
        self.ends[side] = end
        self.step(lambda relay, now: relay.connection_made(side, now))

    def _dial_after(self, side: Side, seconds: float) -> None:
        waiting = self._retries[side]
        if waiting is not None:
            waiting.cancel()
        self._retries[side] = self.world.timeline.after(seconds, lambda: self._dial(side))

    def _next_backoff(self, side: Side) -> float:
        seconds = self._backoff[side]
        self._backoff[side] = min(seconds * 2, BACKOFF_SECONDS_MAX)
        return seconds

    def _flush(self, now: Moment) -> None:
        relay = self.relay
        for event in relay.take_events():
            self.world.relay_event(event)
            if isinstance(event, ConnectionEnded):
                self._retry(event)
            elif isinstance(event, Drained):
                self.has_drained = True
                self.unsettled = event.unsettled
        for side, end in self.ends.items():
            if end is None or end.link is None:
                continue
            data = b"".join(relay.data_to_send(side, now))
            if data:
                self.world.oversight.relay_wrote(side, data)
                end.link.send(end, data)
            if relay.wants_close(side) and not end.is_closing:
                end.is_closing = True
                end.link.close(end)
        source = self.ends[Side.SOURCE]
        if source is not None and source.has_unread and relay.reads_source:
            self.world.timeline.after(0.0, source.read_on)
        self._arm()

    def _retry(self, event: ConnectionEnded) -> None:
        side, kind = event.side, event.retry.kind
        if kind == "now":
            self._dial_after(side, 0.0)
        elif kind == "backoff":
            self._dial_after(side, self._next_backoff(side))
        elif kind == "slow":
            self._dial_after(side, SLOW_SECONDS)
        elif kind == "taken_over":
            # A second time within ten minutes stops a flow until an edit; a world's edit comes 600 s later.
            last = self._taken_over_at.get(side, -600.0)
            self._taken_over_at[side] = self.world.timeline.now
            self._dial_after(side, SLOW_SECONDS if self.world.timeline.now - last >= 600.0 else 600.0)

    def _arm(self) -> None:
        deadline = self.relay.next_timeout()
        if self._timer is not None:
            if not self._timer.is_cancelled and self._timer.at == deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = self.world.timeline.at(deadline, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self.is_dead:
            return
        self.step(lambda relay, now: relay.handle_timeout(now))
        deadline = self.relay.next_timeout()
        assert deadline is None or deadline > self.world.timeline.now, "a timer that stays due: the loop would spin"
