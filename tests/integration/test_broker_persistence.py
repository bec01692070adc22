"""`aio-persistence` and `requestDiskPersistence` (facts 1.9 and 2.7): which sessions are there after SIGKILL of the broker."""

from contextlib import closing

import pytest
from paho.mqtt.properties import Properties
from tests.integration.clients.adapter import SECONDS, Arrival, Library, Server
from tests.integration.clients.mqttjs_client import MqttJs
from tests.integration.clients.paho_client import Paho
from tests.integration.harness.manifests import broker, dataflow, endpoint, listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World, assert_kept, wait_delivered

pytestmark = pytest.mark.integration

ASKED = broker(persistence={"sessions": "Asked"})
PROPERTY = ("aio-persistence", "true")


class AskingPaho(Paho):
    """paho with the user property."""

    def properties(self, *, keep: bool) -> Properties:
        properties = super().properties(keep=keep)
        properties.UserProperty = PROPERTY
        return properties


class AskingMqttJs(MqttJs):
    """MQTT.js with the user property."""

    def options(self, *, keep: bool) -> dict[str, object]:
        options = super().options(keep=keep)
        options.setdefault("properties", {})["userProperties"] = dict([PROPERTY])
        return options


@pytest.mark.parametrize(
    ("make", "version", "is_kept"),
    [
        (AskingPaho, 5, True),
        (AskingMqttJs, 5, True),
        (Paho, 5, False),
        (MqttJs, 5, False),
        (Paho, 4, False),
    ],
)
def test_kill_9_leaves_the_sessions_that_asked(world: World, make: type[Library], version: int, is_kept: bool) -> None:
    port = free_port()
    engine = world.engine(listener({"port": port}), ASKED)
    engine.launch()
    until(lambda: engine.status() is not None, "the engine to be up")
    server = Server({"tcp": port}, engine.data_dir / "ca.crt")
    with closing(make(server, version, "tcp")) as library, closing(Paho(server, 5, "tcp")) as other:
        away = library.connect("away", keep=True)
        away.subscribe("news", 1)
        away.leave()
        publisher = other.connect("publisher")
        publisher.publish("news", "meanwhile", qos=1)
        publisher.leave()
        engine.kill()
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up again")
        away = library.connect("away", keep=True)
        assert away.session_present is is_kept
        if is_kept:
            until(lambda: away.arrivals, "what came meanwhile", seconds=SECONDS)
            assert away.arrivals == [Arrival("news", "meanwhile", 1)]
        away.leave()


@pytest.mark.parametrize("request_disk_persistence", ["Enabled", "Disabled"])
def test_kill_9_leaves_what_waits_for_a_data_flow_that_asked(world: World, request_disk_persistence: str) -> None:
    near, far = free_port(), free_port()
    cloud = world.engine(listener({"port": far}), name="cloud")
    edge = world.engine(
        listener({"port": near}),
        ASKED,
        endpoint("default", near, host="aio-broker"),
        endpoint("cloud", far),
        dataflow("uplink", requestDiskPersistence=request_disk_persistence),
        name="edge",
    )
    cloud.launch()
    until(lambda: cloud.status() is not None, "the far engine to be up")
    subscriber = world.subscriber(far, ["plant/#"])
    edge.start("uplink")
    cloud.kill()
    publisher = world.publisher(near, ["plant/before"], total=500)
    publisher.finish()
    edge.kill()
    cloud.launch()
    edge.start("uplink")
    if request_disk_persistence == "Enabled":
        assert_kept(publisher, subscriber, duplicates_max=0)
    else:
        after = world.publisher(near, ["plant/after"], total=1, client_id="after")
        after.finish()
        wait_delivered(after, subscriber)
        assert set(subscriber.seen) == {"plant/after"}
