"""Keeps one side of one flow connected: dial, wait until the connection ends, wait as the reason says, dial again.

Knows when to try again. Does not know the relay, credentials or what is shown.
"""

import asyncio
from collections.abc import Awaitable, Callable

from tidegate.exceptions import ConnectFailed, CredentialError
from tidegate.flow.events import ConnectionEnded, Side
from tidegate.net.backoff import Backoff
from tidegate.net.stream import Stream
from tidegate.telemetry.credential_events import CredentialRefused
from tidegate.telemetry.events import ConnectionsCutShort, DialFailed, EngineEvent, FlowHalted

__all__ = ["GOOD_CONNECTION_SECONDS", "SLOW_RETRY_SECONDS", "TAKEN_OVER_WINDOW_SECONDS", "DialLoop"]

GOOD_CONNECTION_SECONDS = 10.0
"""A connection that lived this long lets the back-off begin anew."""

SLOW_RETRY_SECONDS = 60.0
"""Between attempts after a reason that only an edit or a new credential is likely to mend, or a take-over."""

TAKEN_OVER_WINDOW_SECONDS = 600.0
"""A second take-over within this time stops the flow: another client uses its client id and means to go on."""


CUT_SHORT_REPORTED = 3
"""So many connections in a row that were accepted and then closed without a reason look like a take-over."""


class DialLoop:
    """One side's attempts, until `run` returns or is cancelled.

    `open_stream` makes one connection or raises `ConnectFailed` or `CredentialError`; `attach` hands it to the relay's
    driver, after which `accepted` is called when CONNACK has come and `ended` once when it is over. `report` is told
    what goes wrong, `FlowHalted` when the loop gives up. `client_id` is for sentences.
    """

    def __init__(
        self,
        side: Side,
        client_id: str,
        *,
        open_stream: Callable[[], Awaitable[Stream]],
        attach: Callable[[Side, Stream], None],
        report: Callable[[EngineEvent], None],
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._side = side
        self._client_id = client_id
        self._open_stream = open_stream
        self._attach = attach
        self._report = report
        self._monotonic = monotonic
        self._backoff = Backoff(random)
        self._ending: asyncio.Future[ConnectionEnded] | None = None
        self._wake = asyncio.Event()
        self._can_be_woken = False
        self._taken_over_at: float | None = None
        self._next_retry_at: float | None = None
        self._was_accepted = False
        self._cut_short = 0

    @property
    def next_retry_seconds(self) -> float | None:
        """Return how long until the next attempt, None when none is waited for."""
        return None if self._next_retry_at is None else max(0.0, self._next_retry_at - self._monotonic())

    async def run(self) -> None:
        """Keep the side connected until the relay is finished or another client took its session over twice."""
        while True:
            seconds = await self._connect_once()
            if seconds is None:
                return
            await self._wait(seconds)

    def accepted(self) -> None:
        """Take note that the server has accepted the connection."""
        self._was_accepted = True

    def ended(self, event: ConnectionEnded) -> None:
        """Take note that the connection is over. From now on a `wake` is for the next attempt."""
        if self._ending is not None and not self._ending.done():
            self._wake.clear()
            self._can_be_woken = event.retry.kind != "taken_over"
            self._ending.set_result(event)

    def wake(self) -> None:
        """Try again at once: a credential changed, or the flow drains. A side that was taken over is not hurried."""
        if self._can_be_woken:
            self._backoff.reset()
            self._wake.set()

    async def _connect_once(self) -> float | None:
        """Make one connection and follow it to its end; return the seconds to wait, None to give up."""
        self._wake.clear()
        self._can_be_woken = True
        try:
            stream = await self._open_stream()
        except CredentialError as error:
            self._report(CredentialRefused(self._side, str(error), error.hint, keeps_connection=False))
            return SLOW_RETRY_SECONDS
        except ConnectFailed as error:
            seconds = self._backoff.next_seconds()
            self._report(DialFailed(self._side, str(error), error.hint, seconds))
            return seconds
        except Exception as error:  # a fault of ours in dialling must not leave the side without another attempt
            seconds = self._backoff.next_seconds()
            detail = f"internal error: {type(error).__name__}: {error}"
            self._report(DialFailed(self._side, detail, "please report this", seconds))
            return seconds
        self._ending = asyncio.get_running_loop().create_future()
        self._was_accepted = False
        began = self._monotonic()
        self._attach(self._side, stream)
        event = await self._ending
        if self._monotonic() - began >= GOOD_CONNECTION_SECONDS:
            self._backoff.reset()
            self._cut_short = 0
        elif self._was_accepted and event.reason_code is None and not event.by_us:
            self._cut_short += 1
            if self._cut_short == CUT_SHORT_REPORTED:
                self._report(ConnectionsCutShort(self._side, self._cut_short, self._client_id))
        return self._seconds_after(event)

    def _seconds_after(self, event: ConnectionEnded) -> float | None:
        match event.retry.kind:
            case "now":
                return 0.0
            case "backoff":
                return self._backoff.next_seconds()
            case "slow":
                return SLOW_RETRY_SECONDS
            case "never":
                return None
            case "taken_over":
                now, before = self._monotonic(), self._taken_over_at
                self._taken_over_at = now
                if before is None or now - before >= TAKEN_OVER_WINDOW_SECONDS:
                    return SLOW_RETRY_SECONDS
                detail = f"another client took the session of the {self._side.value} over twice: {event.detail}"
                hint = (
                    f"its client id is {self._client_id}: is the same data flow deployed twice? "
                    "give one of them another clientIdPrefix; then edit the flow or restart"
                )
                self._report(FlowHalted(self._side, detail, hint))
                return None

    async def _wait(self, seconds: float) -> None:
        self._next_retry_at = self._monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        finally:
            self._next_retry_at = None
