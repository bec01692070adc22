"""The broker on streams."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import mqtt5
from mqtt5 import ConnectPacket, PublishPacket, QoS, SubscribePacket, TopicFilter

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.events import BrokerEvent
from tidegate.broker.identity import Accepted, Basis, Identity, Presented, Refused, Verdict
from tidegate.broker.journal import JournalBatch, QueuedRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.engine.broker_host import BrokerHost, BrokerParts
from tidegate.exceptions import StoreFailed
from tidegate.moment import Moment
from tidegate.net.stream import memory_pair
from tidegate.net.tasks import Tasks


class HeldJournal:
    """Commits when the test says so; what it was given stays readable."""

    def __init__(self) -> None:
        self.waiting: list[tuple[JournalBatch, Callable[[StoreFailed | None], None]]] = []
        self.queued: dict[int, QueuedRecord] = {}
        self.holds = False

    def submit(self, batch: JournalBatch, done: Callable[[StoreFailed | None], None]) -> None:
        self.waiting.append((batch, done))
        if not self.holds:
            asyncio.get_running_loop().call_soon(self.finish)

    def finish(self, error: StoreFailed | None = None) -> None:
        batch, done = self.waiting.pop(0)
        if error is None:
            self.queued.update({sequence: record for (_, sequence), record in batch.queued.items()})
            for _, sequence in batch.removed:
                self.queued.pop(sequence, None)
        done(error)

    def read_queue(
        self, session: int, after_sequence: int, count: int, done: Callable[[list[QueuedRecord] | StoreFailed], None]
    ) -> None:
        found = [record for sequence, record in sorted(self.queued.items()) if sequence > after_sequence][:count]
        asyncio.get_running_loop().call_soon(done, found)


class OneByOne:
    """Lets in whom the test names; slow for those whose name says so."""

    def is_slow(self, presented: Presented) -> bool:
        return (presented.username or "").startswith("slow")

    def check(self, presented: Presented, now_wall: float) -> Verdict:
        if (presented.username or "").endswith("good"):
            return Accepted(Identity(presented.client_id, presented.username or ""))
        return Refused(0x86, "not named good")

    def judge_again(self, basis: Basis | None, presented: Presented, now_wall: float) -> Verdict | None:
        return None


@dataclass
class OnSecondThoughts(OneByOne):
    """Lets in as before, and judges those that are in by their client identifier."""

    verdicts: dict[str, Verdict]
    asked: list[tuple[Basis | None, str]] = field(default_factory=list)

    def judge_again(self, basis: Basis | None, presented: Presented, now_wall: float) -> Verdict | None:
        self.asked.append((basis, presented.client_id))
        return self.verdicts.get(presented.client_id)


class Peer:
    """A client at the other end of a stream."""

    def __init__(self, host: BrokerHost, policy: ListenerPolicy, address: str = "192.0.2.1") -> None:
        self.stream, theirs = memory_pair(asyncio.get_running_loop())
        self.data = b""
        self.is_closed = False
        self._changed = asyncio.Event()
        host.accept(policy, theirs, address, ())
        self.stream.start(self)

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._changed.set()

    def stream_closed(self, error: Exception | None) -> None:
        self.is_closed = True
        self._changed.set()

    def writing_paused(self) -> None: ...

    def writing_resumed(self) -> None: ...

    def send(self, *packets: mqtt5.Packet) -> None:
        self.stream.write(b"".join(packet.write() for packet in packets))

    async def next(self) -> mqtt5.Packet:
        while True:
            try:
                packet, length = mqtt5.read(memoryview(self.data))
            except IndexError:
                assert not self.is_closed, "the broker closed the connection"
                self._changed.clear()
                await self._changed.wait()
            else:
                self.data = self.data[length:]
                return packet

    async def closed(self) -> None:
        while not self.is_closed:
            self._changed.clear()
            await self._changed.wait()


class World:
    def __init__(self, limits: BrokerLimits | None = None) -> None:
        self.journal = HeldJournal()
        self.events: list[BrokerEvent] = []
        self.store_errors: list[StoreFailed | None] = []
        self.failures: list[tuple[str, Exception]] = []
        parts = BrokerParts(
            clock=lambda: Moment(time.monotonic(), time.time()),
            new_id=lambda: "made",
            tasks=Tasks(lambda name, error: self.failures.append((name, error))),
            journal=self.journal,
            report=self.events.append,
            report_store=self.store_errors.append,
        )
        self.host = BrokerHost(limits or BrokerLimits(), parts)
        self.policy = ListenerPolicy()

    async def connect(self, client_id: str, **fields: object) -> Peer:
        peer = Peer(self.host, self.policy)
        peer.send(ConnectPacket(client_id, **fields))  # type: ignore[arg-type]
        assert isinstance(await peer.next(), mqtt5.ConnAckPacket)
        return peer


def run(scenario: Callable[[World], Awaitable[None]], limits: BrokerLimits | None = None) -> World:
    async def bounded() -> World:
        world = World(limits)
        async with asyncio.timeout(20):
            await scenario(world)
            await world.host.stop(1.0)
        return world

    return asyncio.run(bounded())


def subscribe(topic_filter: str) -> SubscribePacket:
    return SubscribePacket(1, [TopicFilter(topic_filter, max_qos=QoS.AT_LEAST_ONCE)])


def message(payload: bytes, packet_id: int) -> PublishPacket:
    return PublishPacket("a", payload, qos=QoS.AT_LEAST_ONCE, packet_id=packet_id)


def test_what_one_turn_says_is_one_write() -> None:
    async def scenario(world: World) -> None:
        subscriber, publisher = await world.connect("s"), await world.connect("p")
        subscriber.send(subscribe("a"))
        await subscriber.next()
        publisher.send(*(message(b"%d" % number, number) for number in range(1, 50)))
        got = [await subscriber.next() for _ in range(49)]
        assert [each.payload for each in got if isinstance(each, PublishPacket)] == [b"%d" % n for n in range(1, 50)]
        for number in range(1, 50):
            answer = await publisher.next()
            assert isinstance(answer, mqtt5.PubAckPacket) and answer.packet_id == number

    run(scenario)


def test_puback_waits_for_the_commit_and_a_failed_one_is_tried_again() -> None:
    async def scenario(world: World) -> None:
        subscriber = await world.connect("durable", session_expiry_interval=100)
        subscriber.send(subscribe("a"))
        await subscriber.next()
        publisher = await world.connect("p")
        world.journal.holds = True
        publisher.send(message(b"x", 1))
        assert isinstance(await subscriber.next(), PublishPacket)
        while not world.journal.waiting:
            await asyncio.sleep(0)
        assert publisher.data == b""
        publisher.send(PublishPacket("a", b"retained", qos=QoS.AT_LEAST_ONCE, packet_id=2, retain=True))
        await subscriber.next()
        world.host._loop.call_soon(world.journal.finish, StoreFailed("broker.db", "full", is_full=True))
        while len(world.journal.waiting) != 1 or not any(world.store_errors):
            await asyncio.sleep(0.01)
        assert publisher.data == b""
        batch = world.journal.waiting[0][0]
        assert len(batch.queued) == 2 and "a" in batch.retained, "the failed batch goes with what came since"
        world.journal.holds = False
        world.journal.finish()
        first, second = await publisher.next(), await publisher.next()
        assert isinstance(first, mqtt5.PubAckPacket) and isinstance(second, mqtt5.PubAckPacket)
        assert (first.packet_id, second.packet_id) == (1, 2)

    run(scenario)


def test_a_backlog_on_disk_comes_in_order() -> None:
    async def scenario(world: World) -> None:
        first = await world.connect("durable", session_expiry_interval=100)
        first.send(subscribe("a"))
        await first.next()
        first.stream.close()
        publisher = await world.connect("p")
        for number in range(1, 31):
            publisher.send(message(b"%d" % number, number))
            await publisher.next()
        again = await world.connect("durable", session_expiry_interval=100)
        for number in range(1, 31):
            packet = await again.next()
            assert isinstance(packet, PublishPacket) and packet.payload == b"%d" % number
            again.send(mqtt5.PubAckPacket(packet.packet_id or 0))

    run(scenario, BrokerLimits(queued_in_memory_max=5))


def test_credentials_are_checked_in_a_thread_where_that_takes_long() -> None:
    async def scenario(world: World) -> None:
        world.policy = ListenerPolicy(needs_authentication=True)
        world.host.use_gate(world.policy, OneByOne())
        for name in ("good", "slow-good"):
            await world.connect("one", username=name)
        peer = Peer(world.host, world.policy)
        peer.send(ConnectPacket("two", username="slow-bad"))
        refused = await peer.next()
        assert isinstance(refused, mqtt5.ConnAckPacket) and int(refused.reason_code) == 0x86
        await peer.closed()
        world.host.use_gate(world.policy, None)
        peer = Peer(world.host, world.policy)
        peer.send(ConnectPacket("three", username="good"))
        refused = await peer.next()
        assert isinstance(refused, mqtt5.ConnAckPacket) and int(refused.reason_code) == 0x89

    run(scenario)


def test_promise_09_who_is_in_is_judged_again_when_others_decide_who_comes_in() -> None:
    async def scenario(world: World) -> None:
        world.policy = ListenerPolicy(needs_authentication=True)
        world.host.use_gate(world.policy, OneByOne())
        stays, goes = [await world.connect(name, username="good") for name in ("stays", "goes")]
        other, gate_of_other = ListenerPolicy(needs_authentication=True), OnSecondThoughts({})
        world.host.use_gate(other, gate_of_other)
        elsewhere = Peer(world.host, other)
        elsewhere.send(ConnectPacket("elsewhere", username="good"))
        await elsewhere.next()
        gate = OnSecondThoughts({"goes": Refused(0x87, "no")})
        world.host.use_gate(world.policy, gate)
        goodbye = await goes.next()
        assert isinstance(goodbye, mqtt5.DisconnectPacket) and int(goodbye.reason_code) == 0x87
        await goes.closed()
        for peer in stays, elsewhere:
            peer.send(mqtt5.PingReqPacket())
            assert isinstance(await peer.next(), mqtt5.PingRespPacket)
        assert gate.asked == [(None, "stays"), (None, "goes")]
        assert gate_of_other.asked == [], "of another listener nobody is judged"
        world.host.use_gate(world.policy, gate)
        assert len(gate.asked) == 2, "the same gate says the same"
        gate.verdicts["stays"] = Refused(0x87, "no")
        world.host.judge_again(world.policy)
        await stays.next()
        await stays.closed()

    run(scenario)


def test_a_slow_check_counts_by_what_is_so_when_it_ends() -> None:
    async def scenario(world: World) -> None:
        world.policy = ListenerPolicy(needs_authentication=True)
        begun, may_end = threading.Event(), threading.Event()

        class Slow(OneByOne):
            def check(self, presented: Presented, now_wall: float) -> Verdict:
                begun.set()
                assert may_end.wait(10)
                return super().check(presented, now_wall)

        world.host.use_gate(world.policy, Slow())
        peer = Peer(world.host, world.policy)
        peer.send(ConnectPacket("goes", username="slow-good"))
        assert await asyncio.to_thread(begun.wait, 10)
        world.host.use_gate(world.policy, OnSecondThoughts({"goes": Refused(0x87, "no")}))
        may_end.set()
        connack, goodbye = await peer.next(), await peer.next()
        assert isinstance(connack, mqtt5.ConnAckPacket) and isinstance(goodbye, mqtt5.DisconnectPacket)
        await peer.closed()

    run(scenario)


def test_promise_08_an_address_that_fails_too_often_is_shut_out() -> None:
    async def scenario(world: World) -> None:
        world.policy = ListenerPolicy(needs_authentication=True)
        world.host.use_gate(world.policy, OneByOne())
        for _ in range(3):
            peer = Peer(world.host, world.policy, "192.0.2.9")
            peer.send(ConnectPacket("two", username="bad"))
            await peer.next()
            await peer.closed()
        await Peer(world.host, world.policy, "192.0.2.9").closed()
        other = Peer(world.host, world.policy, "192.0.2.8")
        other.send(ConnectPacket("two", username="good"))
        assert isinstance(await other.next(), mqtt5.ConnAckPacket)

    run(scenario, BrokerLimits(authentication_failures_max=3))


def test_silence_is_ended_by_the_timer() -> None:
    async def scenario(world: World) -> None:
        await Peer(world.host, world.policy).closed()

    run(scenario, BrokerLimits(connect_timeout_seconds=0.05))


def test_so_many_connections() -> None:
    async def scenario(world: World) -> None:
        await world.connect("one")
        await Peer(world.host, world.policy).closed()
        assert world.host.connections == 1
        assert world.host.core.statistics.connections_shut_out == 1

    run(scenario, BrokerLimits(connections_max=1))


def test_stop_says_goodbye() -> None:
    peers: list[Peer] = []

    async def scenario(world: World) -> None:
        peers.append(await world.connect("one"))

    run(scenario)
    packet, _ = mqtt5.read(memoryview(peers[0].data))
    assert isinstance(packet, mqtt5.DisconnectPacket) and int(packet.reason_code) == 0x8B
