"""Failure mode 32: faults of every kind, in an order drawn from a seed, under load; the ledger judges.

`TIDEGATE_FAULTS` is how many faults (40; several thousand make two hours), `TIDEGATE_FAULT_SEED` what they are drawn from.
"""

import os
import random
import time
from collections.abc import Callable

import pytest
from tests.integration.harness.engine import Engine
from tests.integration.harness.faults import FaultProxy
from tests.integration.harness.manifests import dataflow, endpoint, write
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.taps import SourceTap
from tests.integration.harness.waiting import grow
from tests.integration.harness.world import World, assert_kept

FAULTS = int(os.environ.get("TIDEGATE_FAULTS", "40"))
SEED = int(os.environ.get("TIDEGATE_FAULT_SEED", "32"))

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120 + 10 * FAULTS)]

TOPICS = [f"plant/line{number}" for number in range(4)]
WINDOW = 100


class Faults:
    """What can be done to one bridge. Each method does one thing and leaves everything running."""

    def __init__(
        self, chance: random.Random, engine: Engine, brokers: dict[str, Mosquitto], proxies: dict[str, FaultProxy]
    ) -> None:
        self.chance = chance
        self.engine = engine
        self.brokers = brokers
        self.proxies = proxies
        self.kinds: list[Callable[[], None]] = [
            self.kill_engine,
            self.terminate_engine,
            self.kill_engine_and_what_is_on_the_way,
            self.kill_engine_while_the_destination_is_paused,
            self.restart_broker,
            self.pause_broker,
            self.cut,
            self.stall,
            self.edit_endpoint,
            self.switch_off_and_on,
        ]

    def draw(self) -> Callable[[], None]:
        """Return the next fault."""
        return self.chance.choice(self.kinds)

    def side(self) -> str:
        """Return one of the two sides."""
        return self.chance.choice(["source", "destination"])

    def kill_engine(self) -> None:
        """SIGKILL."""
        self.engine.kill()
        self.engine.launch()

    def terminate_engine(self) -> None:
        """SIGTERM, once it listens: before, there is nothing to drain and no one to hear."""
        self.engine.wait_for(self.engine.status, "the engine to listen")
        assert self.engine.terminate() == 0
        self.engine.launch()

    def kill_engine_and_what_is_on_the_way(self) -> None:
        """SIGKILL, and what the network holds is gone."""
        self.proxies["destination"].stall()
        self.engine.kill()
        self.proxies["destination"].cut(reset=True)
        self.proxies["destination"].flow()
        self.engine.launch()

    def kill_engine_while_the_destination_is_paused(self) -> None:
        """SIGSTOP of the destination, SIGKILL of the engine."""
        self.brokers["destination"].pause()
        time.sleep(self.chance.uniform(0, 0.2))  # the instant of the fault
        self.engine.kill()
        self.engine.launch()
        self.brokers["destination"].resume()

    def restart_broker(self) -> None:
        """SIGTERM of a broker."""
        self.brokers[self.side()].restart()

    def pause_broker(self) -> None:
        """SIGSTOP and SIGCONT of a broker."""
        broker = self.brokers[self.side()]
        broker.pause()
        time.sleep(self.chance.uniform(0, 0.3))  # the length of the fault
        broker.resume()

    def cut(self) -> None:
        """End the connections of one side."""
        self.proxies[self.side()].cut(reset=self.chance.random() < 0.5)

    def stall(self) -> None:
        """Nothing moves on one side for a while."""
        proxy = self.proxies[self.side()]
        proxy.stall()
        time.sleep(self.chance.uniform(0, 0.3))  # the length of the fault
        proxy.flow()

    def edit_endpoint(self) -> None:
        """Change a setting, so that the flow is made anew."""
        keep_alive_seconds = self.chance.randint(5, 60)
        port = self.proxies["destination"].port
        write(self.engine.manifests, endpoint("cloud", port, keepAliveSeconds=keep_alive_seconds))

    def switch_off_and_on(self) -> None:
        """Disable the flow, and enable it again."""
        write(self.engine.manifests, dataflow("bridge", mode="Disabled"))
        time.sleep(self.chance.uniform(0, 0.6))  # the length of the fault
        write(self.engine.manifests, dataflow("bridge"))


def test_failure_32_random_faults_lose_nothing(world: World) -> None:
    chance = random.Random(SEED)
    brokers = {name: world.mosquitto(name) for name in ("source", "destination")}
    tap = SourceTap()
    proxies = {
        "source": world.proxy(brokers["source"].port, tap),
        "destination": world.proxy(brokers["destination"].port),
    }
    engine = world.bridge(proxies["source"].port, proxies["destination"].port)
    subscriber = world.subscriber(brokers["destination"].port, ["plant/#"])
    publisher = world.publisher(brokers["source"].port, TOPICS, rate=1000)
    faults = Faults(chance, engine, brokers, proxies)
    done: list[str] = []
    for _ in range(FAULTS):
        grow(subscriber.seen_count, 1, f"messages passed after {done[-3:]}", seconds=90)
        time.sleep(chance.uniform(0, 0.1))  # the instant of the fault
        fault = faults.draw()
        done.append(fault.__name__)
        fault()
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=2 * WINDOW * FAULTS)
    engine.wait_settled("bridge")
    engine.check_accounting()
    assert not tap.strange_acknowledgements
