import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.engine.skipping_loop import run

from tidegate.engine.dial_loop import DialLoop
from tidegate.exceptions import ConnectFailed, CredentialError
from tidegate.flow.events import ConnectionEnded, Side
from tidegate.flow.policy import Retry, RetryKind
from tidegate.net.stream import Stream, memory_pair
from tidegate.telemetry.credential_events import CredentialRefused
from tidegate.telemetry.events import ConnectionsCutShort, DialFailed, EngineEvent, FlowHalted


class Dialled:
    """Runs a loop and notes when it dials; `outcomes` are errors to raise, then every attempt succeeds."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.times: list[float] = []
        self.attached = asyncio.Event()
        self.reports: list[EngineEvent] = []
        self.loop = DialLoop(
            Side.SOURCE,
            "bridge-0-source",
            open_stream=self.open_stream,
            attach=lambda side, stream: self.attached.set(),
            report=self.reports.append,
            monotonic=asyncio.get_running_loop().time,
            random=lambda: 0.0,
        )

    async def open_stream(self) -> Stream:
        self.times.append(asyncio.get_running_loop().time())
        if self.outcomes:
            raise self.outcomes.pop(0)
        return memory_pair(asyncio.get_running_loop())[0]

    async def end(self, kind: RetryKind, lived_seconds: float = 0.0, accepted: bool = False) -> None:
        """Wait for a connection, let it live, and end it."""
        await self.attached.wait()
        self.attached.clear()
        if accepted:
            self.loop.accepted()
        await asyncio.sleep(lived_seconds)
        self.loop.ended(ConnectionEnded(Side.SOURCE, None, "it ended", Retry(kind), by_us=False))


def with_loop(test: Callable[[Dialled, "asyncio.Task[None]"], Coroutine[Any, Any, None]], *outcomes: Exception) -> None:
    async def main() -> None:
        dialled = Dialled(*outcomes)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(dialled.loop.run())
            await test(dialled, task)
            task.cancel()

    run(main())


def refused() -> ConnectFailed:
    return ConnectFailed("h", 1, "connect", "refused")


def test_a_failed_dial_backs_off_exponentially() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.attached.wait()
        waits = [round(b - a, 3) for a, b in zip(dialled.times, dialled.times[1:], strict=False)]
        assert waits == [0.128, 0.256, 0.512]
        assert [type(report) for report in dialled.reports] == [DialFailed] * 3

    with_loop(test, refused(), refused(), refused())


def test_a_connection_that_lived_ten_seconds_resets_the_back_off() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("backoff")
        await dialled.end("backoff", lived_seconds=10)
        ended = asyncio.get_running_loop().time()
        await dialled.attached.wait()
        assert round(dialled.times[-1] - ended, 3) == 0.128

    with_loop(test, refused(), refused(), refused())


def test_retry_now_dials_at_once_and_never_ends_the_loop() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("now", lived_seconds=1)
        await dialled.end("never")
        await task
        assert dialled.times == [0.0, 1.0]

    with_loop(test)


def test_slow_waits_60_seconds_or_until_it_is_woken() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("slow")
        await dialled.end("slow")
        await asyncio.sleep(5)
        assert dialled.loop.next_retry_seconds == 55
        dialled.loop.wake()
        await dialled.attached.wait()
        assert dialled.times == [0.0, 60.0, 65.0]
        assert dialled.loop.next_retry_seconds is None

    with_loop(test)


def test_a_missing_credential_is_reported_and_tried_again_when_woken() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await asyncio.sleep(7)
        dialled.loop.wake()
        await dialled.attached.wait()
        assert dialled.times == [0.0, 7.0]
        assert dialled.reports == [CredentialRefused(Side.SOURCE, "secret s: gone", "bring it back", False)]

    with_loop(test, CredentialError("secret s", "gone", "bring it back"))


def test_taken_over_is_tried_once_after_60_seconds_and_then_stops_the_flow() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("taken_over")
        await asyncio.sleep(1)
        dialled.loop.wake()
        await dialled.end("taken_over", lived_seconds=530)
        await task
        assert dialled.times == [0.0, 60.0]
        (report,) = dialled.reports
        assert isinstance(report, FlowHalted)
        assert report.detail == "another client took the session of the source over twice: it ended"

    with_loop(test)


def test_a_word_to_hurry_at_the_very_end_of_a_connection_counts() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("slow", lived_seconds=5)
        dialled.loop.wake()
        await dialled.attached.wait()
        assert dialled.times == [0.0, 5.0]

    with_loop(test)


def test_a_word_to_hurry_during_a_connection_does_not_hurry_after_a_take_over() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.attached.wait()
        dialled.loop.wake()
        await dialled.end("taken_over")
        dialled.loop.wake()
        await dialled.attached.wait()
        assert dialled.times == [0.0, 60.0]

    with_loop(test)


def test_connections_cut_short_in_a_row_are_reported_once() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        for accepted, lived in (
            (False, 0),
            (True, 1),
            (True, 1),
            (True, 11),
            (True, 1),
            (True, 1),
            (True, 1),
            (True, 1),
        ):
            await dialled.end("backoff", lived_seconds=lived, accepted=accepted)
        await dialled.attached.wait()
        assert dialled.reports == [ConnectionsCutShort(Side.SOURCE, 3, "bridge-0-source")]

    with_loop(test)


def test_taken_over_again_after_ten_minutes_is_a_first_time() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.end("taken_over")
        await dialled.end("taken_over", lived_seconds=540)
        await dialled.attached.wait()
        assert dialled.times == [0.0, 60.0, 660.0]
        assert dialled.reports == []

    with_loop(test)


def test_a_fault_of_our_own_does_not_end_the_attempts() -> None:
    async def test(dialled: Dialled, task: "asyncio.Task[None]") -> None:
        await dialled.attached.wait()
        (report,) = dialled.reports
        assert isinstance(report, DialFailed)
        assert report.detail == "internal error: KeyError: 'x'"

    with_loop(test, KeyError("x"))
