"""Tidegate and mosquitto's own bridge under the same faults, in one run: `python -m tests.integration.demonstration`.

Two brokers, a bridge between them, a QoS 1 publisher at 500 messages a second on one side, a subscriber with a persistent
session on the other, and a ledger of both. Prints what each bridge lost and sent twice, as a table.
"""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from tests.integration.harness.ledger import Verdict
from tests.integration.harness.mosquitto import Mosquitto, wait_for_line
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World, verdict_of

MESSAGES = 4000
RATE = 500
ROUNDS = 5
PAUSE_SECONDS = 0.7
QUIET_SECONDS = 3.0
TOPICS = ["plant/a", "plant/b"]

Kind = Literal["mosquitto, MQTT 5", "mosquitto, MQTT 3.1.1", "tidegate"]
KINDS: tuple[Kind, ...] = ("mosquitto, MQTT 5", "mosquitto, MQTT 3.1.1", "tidegate")
PROTOCOLS = {"mosquitto, MQTT 5": "mqttv50", "mosquitto, MQTT 3.1.1": "mqttv311"}


class Bridge(Protocol):
    """What is killed: mosquitto as a bridge, or an engine."""

    def launch(self) -> None:
        """Start without waiting."""

    def kill(self) -> None:
        """SIGKILL."""

    def terminate(self) -> int:
        """SIGTERM; return the exit code."""


Fault = Callable[[Bridge, Mosquitto], None]


def nothing(bridge: Bridge, destination: Mosquitto) -> None:
    """Leave everything alone."""


def kill_9(bridge: Bridge, destination: Mosquitto) -> None:
    """SIGKILL, and start again."""
    bridge.kill()
    bridge.launch()


def sigterm(bridge: Bridge, destination: Mosquitto) -> None:
    """SIGTERM, and start again."""
    bridge.terminate()
    bridge.launch()


def pause_and_kill_9(bridge: Bridge, destination: Mosquitto) -> None:
    """SIGSTOP the destination, SIGKILL the bridge, start it again, SIGCONT the destination."""
    destination.pause()
    time.sleep(PAUSE_SECONDS)
    bridge.kill()
    bridge.launch()
    destination.resume()


FAULTS: dict[str, Fault] = {
    "nothing": nothing,
    f"{ROUNDS} × kill -9": kill_9,
    f"{ROUNDS} × SIGTERM": sigterm,
    f"{ROUNDS} × (pause the destination {PAUSE_SECONDS} s, kill -9, restart, resume)": pause_and_kill_9,
}


def bridge_lines(source: Mosquitto, destination: Mosquitto, protocol: str) -> list[str]:
    """Return the configuration of mosquitto's own bridge, as an operator would write it."""
    lines = []
    for name, broker, direction in (("in", source, "in"), ("out", destination, "out")):
        lines += [
            f"connection {name}",
            f"address 127.0.0.1:{broker.port}",
            f"topic plant/# {direction} 1",
            f"bridge_protocol_version {protocol}",
            "cleansession false",
            "restart_timeout 1",
        ]
    return lines


def start_bridge(world: World, kind: Kind, source: Mosquitto, destination: Mosquitto) -> Bridge:
    """Start one bridge with persistence, saved each second where that can be chosen."""
    if kind == "tidegate":
        return world.bridge(source.port, destination.port)
    options = ["autosave_interval 1", *bridge_lines(source, destination, PROTOCOLS[kind])]
    bridge = world.mosquitto("bridge", options=options, inflight_messages_max=100)
    for broker in (source, destination):
        wait_for_line(broker, "New (bridge|client) connected")
    return bridge


def run(kind: Kind, fault: Fault) -> Verdict:
    """Run one cell of the table and return the ledger's verdict."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as directory, World(Path(directory), prints_logs=False) as world:
        source, destination = world.mosquitto("source"), world.mosquitto("destination")
        bridge = start_bridge(world, kind, source, destination)
        subscriber = world.subscriber(destination.port, ["plant/#"])
        probe = world.publisher(source.port, ["plant/probe"], rate=20, client_id="probe")
        until(subscriber.seen_count, "the bridge to pass a first message")
        probe.finish()
        publisher = world.publisher(source.port, TOPICS, rate=RATE)
        for _ in range(ROUNDS):
            grow(lambda: publisher.acknowledged_count, MESSAGES // (ROUNDS + 2), "acknowledged messages")
            time.sleep(chance.uniform(0, 0.2))  # the instant of the fault, not a wait
            fault(bridge, destination)
        until(lambda: publisher.acknowledged_count >= MESSAGES, "all messages to be acknowledged")
        publisher.finish()
        wait_quiet(subscriber.seen_count)
        subscriber.arrivals = [arrival for arrival in subscriber.arrivals if arrival.topic in TOPICS]
        return verdict_of(publisher, subscriber)


def wait_quiet(count: Callable[[], int]) -> None:
    """Wait until nothing new has come for a while: a loss has no end to wait for."""
    last, since = count(), time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(0.1)
        if count() != last:
            last, since = count(), time.monotonic()


def main() -> None:
    """Print the table, a row for each fault."""
    print(f"| what is done while {MESSAGES} messages flow at {RATE}/s | {' | '.join(KINDS)} |")
    print("|---" * (len(KINDS) + 1) + "|")
    for name, fault in FAULTS.items():
        verdicts = [run(kind, fault) for kind in KINDS]
        cells = [f"{len(verdict.missing)} lost, {verdict.duplicates} twice" for verdict in verdicts]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
