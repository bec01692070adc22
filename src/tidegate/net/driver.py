"""Drives one relay over two streams: read, step, write, arm the timer.

Knows streams and the clock. Does not know what the bytes mean, how a stream is dialled or when to dial again.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tidegate.exceptions import ConnectFailed
from tidegate.flow.events import RelayEvent, Side
from tidegate.flow.relay import Relay
from tidegate.moment import Moment
from tidegate.net.pacing import JUDGED_SECONDS_MIN, REST_SECONDS, Pacer
from tidegate.net.stream import Stream

__all__ = ["RelayDriver"]

Result = TypeVar("Result")


class RelayDriver:
    """Runs a relay. `clock` reads both clocks; `on_event` is told what happens before the bytes that follow from it leave."""

    def __init__(
        self,
        relay: Relay,
        *,
        clock: Callable[[], Moment],
        loop: asyncio.AbstractEventLoop,
        on_event: Callable[[RelayEvent, Moment], None],
    ) -> None:
        self._relay = relay
        self.clock = clock
        """Reads both clocks."""
        self._loop = loop
        self._on_event = on_event
        self._source: _Attachment | None = None
        self._destination: _Attachment | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._is_closed = False
        self._pacer = Pacer(min(relay.plan.source.receive_maximum, relay.plan.destination.receive_maximum))
        self._turn_is_due = False
        self.was_steady = False
        """Whether the sockets were left as the relay wants them; else the next flush looks at them."""
        self.is_resting = False
        """Whether the sockets are not read for a moment, so that the next reads are larger (`net.pacing`)."""

    def attach(self, side: Side, stream: Stream, token: bytes | None = None) -> None:
        """Begin a Network Connection over a stream that was just dialled; `token` is for its authentication."""
        assert not self.is_attached(side), f"the {side.value} is attached already"
        attachment = _Attachment(self, self._relay, side, stream)
        self._set(side, attachment)
        self.call(lambda relay, now: relay.connection_made(side, now, token))
        stream.start(attachment)

    def is_attached(self, side: Side) -> bool:
        """Tell whether one side has a stream."""
        return (self._source if side is Side.SOURCE else self._destination) is not None

    def call(self, step: Callable[[Relay, Moment], Result]) -> Result:
        """Run one step of the relay, deliver its events and write its output: the one door for everybody else."""
        now = self.clock()
        result = step(self._relay, now)
        self.flush(now)
        return result

    def reconnect(self, side: Side, detail: str) -> None:
        """Re-make one connection with its session kept; a `ConnectionEnded` with retry `now` follows."""
        self.call(lambda relay, now: relay.reconnect(side, detail))

    def close(self) -> None:
        """Abort both streams and stop the timer; nothing is called afterwards."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for attachment in (self._source, self._destination):
            if attachment is not None:
                attachment.stream.abort()
        self._source = self._destination = None

    def end_turn(self, now: Moment) -> None:
        """Flush at once where little comes; in a busy turn of the loop once for all that comes in it."""
        if self._pacer.is_busy:
            if not self._turn_is_due:
                self._turn_is_due = True
                self._loop.call_soon(self._end_busy_turn)
            return
        if now.monotonic >= self._pacer.judged_at + JUDGED_SECONDS_MIN:
            self._judge(now)
        self.flush(now)

    def flush(self, now: Moment) -> None:
        """Deliver what the last step of the relay left behind: events, bytes, closed sockets, the timer."""
        relay = self._relay
        for event in relay.take_events():
            self._on_event(event, now)
        is_steady = relay.is_steady
        for attachment in (self._source, self._destination):
            if attachment is None:
                continue
            data = relay.data_to_send(attachment.side, now)
            if data:
                attachment.stream.writelines(data)
            if not (is_steady and self.was_steady):
                attachment.follow()
        self.was_steady = is_steady
        deadline = relay.next_timeout()
        if deadline is not None and (self._timer is None or deadline < self._timer_at):
            self._arm(deadline, now)

    def detach(self, attachment: "_Attachment", error: Exception | None) -> None:
        """Take note that a stream is gone."""
        side = attachment.side
        if self._is_closed or (self._source if side is Side.SOURCE else self._destination) is not attachment:
            return
        self._set(side, None)
        if error is None:
            detail = "the connection was closed by the server"
        elif isinstance(error, ConnectFailed):
            detail = error.detail if error.hint is None else f"{error.detail}; {error.hint}"
        else:
            detail = f"the connection broke: {error}"
        self.call(lambda relay, now: relay.connection_lost(side, detail, now))

    def _end_busy_turn(self) -> None:
        self._turn_is_due = False
        if self._is_closed:
            return
        now = self.clock()
        self._judge(now)
        if self._pacer.wants_rest and not self.is_resting:
            self.is_resting = True
            self._loop.call_later(REST_SECONDS, self._wake)
            self._update_reading()
        self.flush(now)

    def _judge(self, now: Moment) -> None:
        counters = self._relay.counters
        self._pacer.judge(counters.received + counters.delivered, now.monotonic)

    def _wake(self) -> None:
        self.is_resting = False
        self._update_reading()

    def _update_reading(self) -> None:
        for attachment in (self._source, self._destination):
            if attachment is not None:
                attachment.update_reading()

    def _set(self, side: Side, attachment: "_Attachment | None") -> None:
        if side is Side.SOURCE:
            self._source = attachment
        else:
            self._destination = attachment

    def _arm(self, deadline: float, now: Moment) -> None:
        """Keep one timer at or before the next deadline; a deadline that moved away is found out when it fires."""
        if self._is_closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._loop.call_later(max(0.0, deadline - now.monotonic), self._fire)

    def _fire(self) -> None:
        self._timer = None
        self.call(lambda relay, now: relay.handle_timeout(now))


class _Attachment:
    """One stream of a relay, as the stream sees its receiver."""

    def __init__(self, driver: RelayDriver, relay: Relay, side: Side, stream: Stream) -> None:
        self.driver = driver
        self.relay = relay
        self.side = side
        self.stream = stream
        self.is_reading = True
        self.is_closing = False

    def data_received(self, data: bytes) -> None:
        driver = self.driver
        now = driver.clock()
        self.relay.receive_data(self.side, data, now)
        if not self.relay.is_steady:
            # At once, because a transport reads on in the same turn of the loop, many times what the window allows.
            driver.was_steady = False
            self.update_reading()
        driver.end_turn(now)

    def stream_closed(self, error: Exception | None) -> None:
        self.driver.detach(self, error)

    def writing_paused(self) -> None:
        self.driver.call(lambda relay, now: relay.set_writable(self.side, False, now))

    def writing_resumed(self) -> None:
        self.driver.call(lambda relay, now: relay.set_writable(self.side, True, now))

    def follow(self) -> None:
        """Do with the socket what the relay wants: close it, read it or hold it back."""
        if self.is_closing:
            return
        if self.relay.wants_close(self.side):
            self.is_closing = True
            self.stream.close()
        else:
            self.update_reading()

    def update_reading(self) -> None:
        """Read the socket or hold it back, as the relay and the pace want it."""
        wants = not self.driver.is_resting and (self.side is Side.DESTINATION or self.relay.reads_source)
        if wants is self.is_reading or self.is_closing:
            return
        self.is_reading = wants
        if wants:
            self.stream.resume_reading()
        else:
            self.stream.pause_reading()
