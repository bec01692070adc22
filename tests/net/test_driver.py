"""The driver between two in-memory streams, with the far ends played by hand."""

import asyncio
import time
from collections.abc import Callable

import pytest
from tests.net.conftest import Run
from tests.net.recorder import Recorder, turns
from tests.play import flow_plan, relay_of

from tidegate.flow.events import ConnectionEnded, ConnectionOpened, Drained, RelayEvent, Side, SubscriptionsHeld
from tidegate.moment import Moment
from tidegate.mqtt import packets
from tidegate.net.driver import RelayDriver
from tidegate.net.stream import Stream, memory_pair

CONNACK = packets.ConnAckPacket().write()
SUBACK = packets.SubAckPacket(1, [packets.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()


class Bench:
    """A driver with the far end of each side and what it was told."""

    def __init__(self, stall_seconds: float = 60.0) -> None:
        self.events: list[RelayEvent] = []
        self.relay = relay_of(flow_plan(topic_filters=("a/#",), stall_seconds=stall_seconds))
        self.loop = asyncio.get_running_loop()
        self.driver = RelayDriver(self.relay, clock=_clock, loop=self.loop, on_event=self._on_event)
        self.peers: dict[Side, Recorder] = {}
        self.streams: dict[Side, Stream] = {}
        self._changed = asyncio.Event()

    def attach(self, side: Side) -> None:
        near, far = memory_pair(self.loop)
        self.peers[side] = Recorder()
        self.streams[side] = far
        far.start(self.peers[side])
        self.driver.attach(side, near)

    async def connect(self) -> None:
        for side in Side:
            self.attach(side)
            self.streams[side].write(CONNACK)
        await self.until(lambda: sum(isinstance(event, ConnectionOpened) for event in self.events) == 2)
        self.streams[Side.SOURCE].write(SUBACK)
        await turns()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def received(self, side: Side) -> list[packets.Packet]:
        found: list[packets.Packet] = []
        packets.decode(memoryview(self.peers[side].data), found)
        return found

    def _on_event(self, event: RelayEvent, now: Moment) -> None:
        self.events.append(event)
        self._changed.set()


def test_a_message_goes_through_and_its_puback_comes_back(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        bench.streams[Side.SOURCE].write(_publish(7))
        await turns()
        assert bench.received(Side.SOURCE)[-1] == _subscribe()
        bench.streams[Side.DESTINATION].write(packets.encode_puback(1))
        await turns()
        assert bench.received(Side.SOURCE)[-1] == packets.PubAckPacket(7)
        bench.driver.close()

    run(scenario())


def test_events_are_told_before_the_bytes_that_follow_from_them(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        seen: list[int] = []
        bench._on_event = lambda event, now: seen.append(len(bench.peers[Side.SOURCE].data))  # type: ignore[method-assign]
        bench.driver = RelayDriver(bench.relay, clock=_clock, loop=bench.loop, on_event=bench._on_event)
        bench.attach(Side.SOURCE)
        await turns()
        connect_bytes = len(bench.peers[Side.SOURCE].data)
        bench.streams[Side.SOURCE].write(CONNACK)
        await turns()
        assert seen == [connect_bytes, connect_bytes], "ConnectionOpened and SubscriptionsHeld come before SUBSCRIBE"
        assert len(bench.peers[Side.SOURCE].data) > connect_bytes
        bench.driver.close()

    run(scenario())


def test_a_closed_stream_ends_the_connection_once(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        bench.streams[Side.DESTINATION].close()
        await bench.until(lambda: any(isinstance(event, ConnectionEnded) for event in bench.events))
        ended = [event for event in bench.events if isinstance(event, ConnectionEnded)]
        assert [(event.side, event.detail, event.retry.kind) for event in ended] == [
            (Side.DESTINATION, "the connection was closed by the server", "backoff")
        ]
        assert not bench.driver.is_attached(Side.DESTINATION)
        bench.driver.close()

    run(scenario())


def test_a_drain_stops_reading_and_closes_both_sides(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        bench.streams[Side.SOURCE].write(_publish(7))
        await turns()
        bench.driver.call(lambda relay, now: relay.drain(now))
        bench.streams[Side.SOURCE].write(_publish(8))
        await turns()
        assert bench.relay.counters.received == 1
        bench.streams[Side.DESTINATION].write(packets.encode_puback(1))
        for side in Side:
            await bench.peers[side].until(lambda side=side: _ends_with_disconnect(bench.received(side)))  # type: ignore[misc]
            bench.streams[side].close()
        await bench.until(lambda: Drained(0) in bench.events)
        assert bench.received(Side.SOURCE)[-2:] == [packets.PubAckPacket(7), packets.DisconnectPacket()]
        bench.driver.close()

    run(scenario())


def test_reconnect_ends_one_side_to_be_made_again_at_once(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        bench.driver.reconnect(Side.SOURCE, "a new certificate")
        bench.streams[Side.SOURCE].close()
        await bench.until(lambda: any(isinstance(event, ConnectionEnded) for event in bench.events))
        ended = next(event for event in bench.events if isinstance(event, ConnectionEnded))
        assert (ended.side, ended.detail, ended.retry.kind) == (Side.SOURCE, "a new certificate", "now")
        assert bench.driver.is_attached(Side.DESTINATION)
        bench.driver.close()

    run(scenario())


def test_the_timer_acts_on_a_stall(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench(stall_seconds=0.02)
        await bench.connect()
        bench.streams[Side.SOURCE].write(_publish(7))
        await bench.peers[Side.DESTINATION].until(lambda: _ends_with_disconnect(bench.received(Side.DESTINATION)))
        bench.driver.close()

    run(scenario())


def test_a_source_beyond_its_window_is_held_back_before_the_turn_ends_and_read_again_at_its_end(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        source, destination = bench.driver._source, bench.driver._destination
        assert source is not None
        assert destination is not None
        # A busy relay writes at the end of the turn only.
        bench.driver._pacer.is_busy = True
        source.data_received(b"".join(_publish(number) for number in range(1, 12)))
        was_reading = [source.is_reading]
        bench.relay.data_to_send(Side.DESTINATION, _clock())
        destination.data_received(packets.encode_puback_run(range(1, 11)))
        await turns()
        was_reading.append(source.is_reading)
        assert was_reading == [False, True]
        bench.driver.close()

    run(scenario())


def test_attaching_a_side_twice_is_a_fault(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.attach(Side.SOURCE)
        with pytest.raises(AssertionError, match="the source is attached already"):
            bench.attach(Side.SOURCE)
        bench.driver.close()

    run(scenario())


def test_the_filters_are_told(run: Run) -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.connect()
        assert SubscriptionsHeld(("a/#",)) in bench.events
        bench.driver.close()

    run(scenario())


def _clock() -> Moment:
    return Moment(time.monotonic(), time.time())


def _ends_with_disconnect(found: list[packets.Packet]) -> bool:
    return bool(found) and isinstance(found[-1], packets.DisconnectPacket)


def _publish(packet_id: int) -> bytes:
    return packets.PublishPacket("a/b", b"x", qos=packets.QoS.AT_LEAST_ONCE, packet_id=packet_id).write()


def _subscribe() -> packets.SubscribePacket:
    topic_filter = packets.TopicFilter(
        "a/#",
        max_qos=packets.QoS.AT_LEAST_ONCE,
        retain_as_published=True,
        retain_handling=packets.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
    )
    return packets.SubscribePacket(1, [topic_filter])
