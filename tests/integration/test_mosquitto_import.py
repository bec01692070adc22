"""A bridge of a real mosquitto, and the data flows that are imported from its configuration: the same messages arrive."""

from collections import Counter
from pathlib import Path

import pytest
from tests.integration.clients.paho_client import PahoClient, ear_at
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World

from tidegate.cli import main

pytestmark = pytest.mark.integration

BRIDGE = """\
connection cloud
address 127.0.0.1:{port}
remote_clientid edge
notifications false
bridge_protocol_version mqttv50
topic # both 1 plant/ site/
topic shared/+ both 1
topic status out 1
topic fast/# out 0 "" up/
topic "" in 2 orders/local orders/remote
topic commands/+ in 1
"""
PROBE = "probe"
HERE = ["plant/a/1", "plant/b/c", "shared/x", "status", "fast/1", "orders/local", "commands/not-up", "other"]
THERE = ["site/x", "site/y/z", "shared/y", "orders/remote", "commands/go", "status", "fast/2", "other"]
INFLIGHT = 100
"""What these brokers announce: with no limit at all, a bridge of mosquitto 2.0.11 sends nothing."""


def heard(client: PahoClient) -> "Counter[tuple[str, str]]":
    """Return what arrived, without what only showed that the ways are open."""
    return Counter((each.topic, each.payload) for each in list(client.arrivals) if each.payload != PROBE)


def wait(client: PahoClient, topic: str, payload: str) -> None:
    """Wait for a message."""
    until(
        lambda: any((each.topic, each.payload) == (topic, payload) for each in list(client.arrivals)),
        f"{payload!r} on {topic}",
        found=lambda: heard(client),
    )


def open_ways(here: PahoClient, there: PahoClient) -> None:
    """Wait until messages of each data flow arrive: nobody else says when a bridge is subscribed on both sides."""
    for source, topic, destination, arrives in (
        (here, "plant/probe", there, "site/probe"),
        (here, "fast/probe", there, "up/fast/probe"),
        (here, "shared/probe", there, "shared/probe"),
        (there, "site/probe-down", here, "plant/probe-down"),
        (there, "shared/probe-down", here, "shared/probe-down"),
        (there, "orders/remote", here, "orders/local"),
    ):

        def arrived(
            source: PahoClient = source, topic: str = topic, to: PahoClient = destination, on: str = arrives
        ) -> bool:
            source.publish(topic, PROBE, qos=1)
            return any((each.topic, each.payload) == (on, PROBE) for each in list(to.arrivals))

        until(arrived, f"the way from {topic} to {arrives}")


def story(world: World, local: Mosquitto, remote: Mosquitto) -> "list[Counter[tuple[str, str]]]":
    """Publish on both sides, wait until everything that is on its way has arrived, and return what was heard on each side."""
    here, there = ear_at(local.port), ear_at(remote.port)
    for ear in (here, there):
        world.stack.callback(ear.leave)
    open_ways(here, there)
    for topic in HERE:
        here.publish(topic, f"here {topic}", qos=1)
    for topic in THERE:
        there.publish(topic, f"there {topic}", qos=1)
    # Each way keeps the order, so an echo would come before these.
    for turn in ("1", "2"):
        for topic, arrives in (("plant/a", "site/a"), ("shared/a", "shared/a"), ("fast/a", "up/fast/a")):
            here.publish(topic, f"up {turn}", qos=1)
            wait(there, arrives, f"up {turn}")
        for topic, arrives in (
            ("site/b", "plant/b"),
            ("shared/b", "shared/b"),
            ("orders/remote", "orders/local"),
            ("commands/b", "commands/b"),
        ):
            there.publish(topic, f"down {turn}", qos=1)
            wait(here, arrives, f"down {turn}")
    return [heard(here), heard(there)]


def test_the_imported_data_flows_do_what_the_bridge_did(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remote = world.mosquitto("remote", inflight_messages_max=INFLIGHT)
    lines = BRIDGE.format(port=remote.port).splitlines()
    bridged = world.mosquitto("bridged", options=lines, inflight_messages_max=INFLIGHT)
    by_bridge = story(world, bridged, remote)
    bridged.stop()

    other, local = world.mosquitto("other-remote"), world.mosquitto("local")
    configuration = tmp_path / "bridge.conf"
    configuration.write_text(f"listener {local.port} 127.0.0.1\n" + BRIDGE.format(port=other.port))
    assert main(["import", "mosquitto", str(configuration)]) == 0
    engine = world.engine()
    (engine.manifests / "bridge.yaml").write_text(capsys.readouterr().out)
    engine.start()
    assert story(world, local, other) == by_bridge
    assert [sum(each.values()) for each in by_bridge] == [27, 27]
    engine.check_accounting()
