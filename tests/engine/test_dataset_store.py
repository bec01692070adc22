"""Data sets out of the state store of a broker core on streams in memory."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import mqtt5
import pytest
from tests.engine import skipping_loop
from tests.engine.flows import FakeCredentials
from tests.engine.memory_broker import MemoryBroker
from tests.engine.plans import endpoint_plan
from tests.engine.test_broker_host import World as Broker
from tests.engine.token_sources import SteeredSource, provider_of
from tests.tokens import unsigned_token

from tidegate.engine import state_client
from tidegate.engine.dataset_store import DatasetStore
from tidegate.engine.datasets import Datasets
from tidegate.engine.mqtt_target import address_target
from tidegate.engine.mqtt_tool import Client, ClientOptions
from tidegate.engine.state_client import StateClient
from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import DatasetsPlan, EndpointPlan, TokenPlan
from tidegate.moment import Moment
from tidegate.net.stream import Stream, memory_pair
from tidegate.net.tasks import Tasks
from tidegate.telemetry.dataset_events import DatasetEvent, DatasetLoaded, DatasetRefused, DatasetsLost, DatasetsWatched
from tidegate.transform.view import Record

PLAN = DatasetsPlan(keys=("a", "b"), store=endpoint_plan("here"), client_id="flow-datasets")
BOTH = {"a": b'{"x": 1}', "b": b""}


class World:
    """A broker, the data sets `a` and `b` of a flow, and somebody who writes."""

    def __init__(self, credentials: FakeCredentials, plan: DatasetsPlan = PLAN) -> None:
        self.failures: list[tuple[str, Exception]] = []
        self.tasks = Tasks(lambda name, error: self.failures.append((name, error)))
        self.broker = Broker()
        self.unreachable = False
        self.dialled = 0
        self.later_seconds = 0.0
        self.live: Stream | None = None
        self.reported: list[DatasetEvent] = []
        self.used: dict[str, Sequence[Record]] = {}
        self.datasets = Datasets(plan.keys, use=self.used.__setitem__, report=self.reported.append)
        self.store = DatasetStore(
            plan, self.datasets, credentials, dial=self._dial, clock=self._clock, random=lambda: 0.0
        )

    def start(self) -> None:
        self.tasks.start(self.store.run(), "data sets")

    async def write(self, **values: bytes | None) -> None:
        """Write keys, or remove them."""
        target = address_target("broker.example", 1883, None)
        async with Client(target, ClientOptions(client_id="writer"), self._open) as client:
            store = StateClient(client, "writer")
            await store.open()
            for key, value in values.items():
                await (store.remove(key.encode()) if value is None else store.write(key.encode(), value))

    def cut(self) -> None:
        """Break the connection of the data sets."""
        assert self.live is not None
        self.live.abort()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            await asyncio.sleep(0.005)

    def said(self, kind: type) -> int:
        return sum(type(event) is kind for event in self.reported)

    def _clock(self) -> Moment:
        return Moment(time.monotonic() + self.later_seconds, time.time())

    async def _dial(self, endpoint: EndpointPlan, tls: ssl.SSLContext | None) -> Stream:
        self.dialled += 1
        if self.unreachable:
            raise ConnectFailed(endpoint.host, endpoint.port, "connect", "connection refused", "start it")
        self.live = await self._open()
        return self.live

    async def _open(self) -> Stream:
        ours, theirs = memory_pair(asyncio.get_running_loop())
        self.broker.host.accept(self.broker.policy, theirs, "192.0.2.1", ())
        return ours


def run(test: Callable[[World], Awaitable[None]], credentials: FakeCredentials | None = None) -> None:
    async def main() -> None:
        world = World(credentials or FakeCredentials())
        async with asyncio.timeout(20):
            await test(world)
        await world.tasks.close()
        await world.broker.host.stop(1.0)
        assert world.failures == []

    asyncio.run(main())


def test_keys_are_read_and_their_changes_followed() -> None:
    async def test(world: World) -> None:
        await world.write(a=BOTH["a"])
        world.start()
        await world.until(lambda: world.said(DatasetsWatched))
        hint = "write its records with `tidegate statestore set b --file FILE`"
        refused = DatasetRefused("b", "there is no such key", hint, None)
        assert world.reported == [DatasetLoaded("a", 1), refused, DatasetsWatched()]
        assert not world.datasets.loaded.is_set()
        await world.write(b=b"", c=b"of somebody else", a=b'{"x": 2}')
        await world.until(lambda: world.used == {"a": ({"x": 2},), "b": ()})
        assert world.datasets.loaded.is_set()
        await world.write(a=None)
        await world.until(lambda: world.said(DatasetRefused) == 2)
        assert world.used["a"] == ({"x": 2},)
        assert world.dialled == 1

    run(test)


def test_a_store_that_cannot_be_reached_is_tried_again() -> None:
    async def test(world: World) -> None:
        await world.write(**BOTH)
        world.unreachable = True
        world.start()
        await world.until(lambda: world.said(DatasetsLost) == 2)
        assert world.reported == [
            DatasetsLost("broker.example:1883: connection refused", "start it", False, seconds)
            for seconds in (0.128, 0.256)
        ]
        world.unreachable = False
        await world.until(world.datasets.loaded.is_set)

    run(test)


def test_a_good_connection_that_ends_is_made_again_at_once_and_reads_what_changed_meanwhile() -> None:
    async def test(world: World) -> None:
        await world.write(**BOTH)
        world.start()
        await world.until(lambda: world.said(DatasetsWatched))
        world.later_seconds = 11.0
        world.unreachable = True
        world.cut()
        await world.until(lambda: world.said(DatasetsLost))
        assert world.reported[-1] == DatasetsLost("broker.example:1883: connection refused", "start it", True, 0.128)
        await world.write(a=b'{"x": 2}')
        world.unreachable = False
        await world.until(lambda: world.said(DatasetsWatched) == 2)
        assert world.used["a"] == ({"x": 2},)
        world.later_seconds = 22.0
        world.cut()
        await world.until(lambda: world.said(DatasetsWatched) == 3)
        assert world.said(DatasetsLost) == 1, "a connection that could be made again is no loss"

    run(test)


def test_a_connection_that_keeps_ending_is_one() -> None:
    async def test(world: World) -> None:
        await world.write(**BOTH)
        world.start()
        await world.until(lambda: world.said(DatasetsWatched))
        world.cut()
        await world.until(lambda: world.said(DatasetsWatched) == 2)
        assert world.said(DatasetsLost) == 1

    run(test)


def test_a_changed_credential_makes_the_connection_anew() -> None:
    async def test(world: World) -> None:
        await world.write(**BOTH)
        world.start()
        await world.until(lambda: world.said(DatasetsWatched))
        world.store.use_credentials(FakeCredentials())
        world.store.use_credentials(FakeCredentials(b"2"))
        await world.until(lambda: world.said(DatasetsWatched) == 2)
        assert (world.dialled, world.said(DatasetsLost)) == (2, 0)

    run(test)


def test_a_credential_that_cannot_be_used_is_a_loss_until_there_is_another() -> None:
    async def test(world: World) -> None:
        await world.write(**BOTH)
        world.start()
        await world.until(lambda: world.said(DatasetsLost))
        assert world.reported[0] == DatasetsLost("secret s: no key", "write both files", False, 0.128)
        world.store.use_credentials(FakeCredentials(b"2"))
        await world.until(world.datasets.loaded.is_set)

    run(test, FakeCredentials(problem="no key"))


def test_a_broker_without_a_state_store_is_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_client, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(state_client, "INVOKE_TOPIC", "nobody/answers")

    async def test(world: World) -> None:
        world.start()
        await world.until(lambda: world.said(DatasetsLost))
        (event,) = world.reported[:1]
        assert isinstance(event, DatasetsLost) and "answered nothing" in event.detail

    run(test)


def test_a_fault_of_ours_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(world: World) -> None:
        monkeypatch.setattr(world.datasets, "watch", lambda: 1 / 0)
        world.start()
        await world.until(lambda: world.said(DatasetsLost) == 2)
        assert "internal error: ZeroDivisionError" in str(world.reported[-1])

    run(test)


def test_a_token_is_presented_and_one_that_is_refused_asked_for_again() -> None:
    async def main() -> None:
        assert PLAN.store is not None
        endpoint = replace(PLAN.store, authentication=TokenPlan(audience="my-broker"))
        source = SteeredSource(token := unsigned_token(audience="my-broker"))
        credentials = FakeCredentials()
        credentials.providers["here"] = provider_of(source)
        broker = MemoryBroker()
        broker.refusal = mqtt5.ConnAckReasonCode.NOT_AUTHORIZED
        datasets = Datasets(("a",), use=lambda *_: None, report=lambda _: None)
        plan = DatasetsPlan(keys=("a",), store=endpoint, client_id="c")
        store = DatasetStore(
            plan, datasets, credentials, dial=broker.dial, clock=skipping_loop.clock, random=lambda: 0.0
        )
        tasks = Tasks(lambda name, error: None)
        tasks.start(store.run(), "data sets")
        await broker.until(lambda: len(broker.credentials) == 2)
        await tasks.close()
        assert broker.credentials == [("K8S-SAT", token)] * 2
        assert source.asked == 2

    skipping_loop.run(main())
