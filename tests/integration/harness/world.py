"""Everything one test starts, closed in reverse order whatever happens, with the logs printed for a failure's report."""

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.integration.harness.authority import Authority
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.engine import Engine
from tests.integration.harness.faults import FaultProxy, Tap
from tests.integration.harness.ledger import Verdict, judge
from tests.integration.harness.manifests import Declared, dataflow, endpoint, write
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.scripted import Script, ScriptedPeer
from tests.integration.harness.waiting import until

__all__ = ["World", "assert_kept", "verdict_of", "wait_delivered"]

LOG_LINES = 40
FAULT_WORDS = re.compile("Traceback|internal error|never retrieved|ResourceWarning|AssertionError")
"""What no engine may ever write, whatever is done to it."""


class World:
    """Starts things in `directory` and ends them."""

    def __init__(self, directory: Path, *, prints_logs: bool = True) -> None:
        self.directory = directory
        self.prints_logs = prints_logs
        self.stack = ExitStack()
        self.engines: list[Engine] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for engine in self.engines if self.prints_logs else ():
            print(f"--- {engine.log_path.parent.name}\n{engine.tail(LOG_LINES)}")
        self.stack.close()
        for engine in self.engines:
            complaints = [line for line in engine.log().splitlines() if FAULT_WORDS.search(line)]
            assert error is not None or not complaints, complaints

    def mosquitto(self, name: str, **options: Any) -> Mosquitto:
        """Start a broker; options as for `Mosquitto`."""
        broker = Mosquitto(self.directory / name, **options)
        self.stack.callback(broker.close)
        broker.start()
        return broker

    def authority(self, name: str) -> Authority:
        """Make a certificate authority."""
        return Authority(self.directory / f"{name}-authority", name)

    def mount(self, directory: Path, values: Mapping[str, str]) -> None:
        """Write `values` the way Kubernetes mounts a secret: keys are links through `..data`, swapped in one step."""
        directory.mkdir(parents=True, exist_ok=True)
        version = directory / f"..version-{len(list(directory.iterdir()))}"
        version.mkdir()
        for key, value in values.items():
            (version / key).write_text(value)
            if not (directory / key).is_symlink():
                (directory / key).symlink_to(Path("..data") / key)
        fresh = directory / "..data_tmp"
        fresh.symlink_to(version.name)
        fresh.rename(directory / "..data")

    def engine(self, *resources: Declared, name: str = "engine", options: Sequence[str] = (), **more: Any) -> Engine:
        """Declare `resources` for an engine that is not started yet."""
        engine = Engine(self.directory / name, options=options, **more)
        self.stack.callback(engine.close)
        self.engines.append(engine)
        write(engine.manifests, *resources)
        return engine

    def bridge_resources(self, source_port: int, destination_port: int, **settings: Any) -> list[Declared]:
        """Declare the flow `bridge` from `plant/#` to the same topics; `settings` go to both endpoints."""
        return [
            endpoint("default", source_port, **settings),
            endpoint("cloud", destination_port, **settings),
            dataflow("bridge"),
        ]

    def bridge(
        self, source_port: int, destination_port: int, *, options: Sequence[str] = (), **settings: Any
    ) -> Engine:
        """Run an engine with the flow `bridge`; it is connected when this returns."""
        engine = self.engine(*self.bridge_resources(source_port, destination_port, **settings), options=options)
        engine.start("bridge")
        return engine

    def proxy(self, upstream_port: int, tap: Tap | None = None) -> FaultProxy:
        """Start a fault proxy."""
        proxy = FaultProxy(upstream_port, tap=tap)
        self.stack.callback(proxy.close)
        proxy.start()
        return proxy

    def scripted(self, script: Script | None = None) -> ScriptedPeer:
        """Start a scripted peer."""
        peer = ScriptedPeer(script)
        self.stack.callback(peer.close)
        peer.start()
        return peer

    def publisher(self, port: int, topics: Sequence[str], **options: Any) -> Publisher:
        """Start a ledger publisher."""
        publisher = Publisher(port, topics, **options)
        self.stack.callback(publisher.close)
        return publisher.begin()

    def subscriber(self, port: int, topic_filters: Sequence[str], **options: Any) -> Subscriber:
        """Start a ledger subscriber; it is subscribed when this returns."""
        subscriber = Subscriber(port, topic_filters, **options)
        self.stack.callback(subscriber.close)
        return subscriber.begin()


def wait_delivered(publisher: Publisher, subscriber: Subscriber, *, prefix: str = "", seconds: float = 60.0) -> None:
    """Wait until everything acknowledged has arrived, or `seconds`; the verdict is the caller's."""

    def all_arrived() -> bool:
        arrived = sum(len(numbers) for numbers in list(subscriber.seen.values()))
        return arrived >= publisher.acknowledged_count and not verdict_of(publisher, subscriber, prefix).missing

    try:
        until(all_arrived, "what was acknowledged to arrive", seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; {verdict_of(publisher, subscriber, prefix).summary()}") from None


def verdict_of(publisher: Publisher, subscriber: Subscriber, prefix: str = "") -> Verdict:
    """Judge one publisher against one subscriber; `prefix` is what the flow puts before each topic."""
    acknowledged = {prefix + topic: numbers for topic, numbers in publisher.acknowledged.items()}
    published = {prefix + topic: count for topic, count in publisher.published.items()}
    return judge(acknowledged, published, list(subscriber.arrivals))


def assert_kept(publisher: Publisher, subscriber: Subscriber, *, duplicates_max: int, prefix: str = "") -> Verdict:
    """Wait for what was acknowledged, then assert the promise: nothing missing, order kept, duplicates within the bound."""
    wait_delivered(publisher, subscriber, prefix=prefix)
    verdict = verdict_of(publisher, subscriber, prefix)
    assert not verdict.missing, verdict.summary()
    assert not verdict.disordered, verdict.summary()
    assert not verdict.strangers, verdict.summary()
    assert verdict.duplicates <= duplicates_max, f"{verdict.summary()}, allowed {duplicates_max}"
    return verdict
