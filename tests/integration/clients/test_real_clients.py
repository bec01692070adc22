"""The same story told by real clients to the embedded broker, in every version and over every transport that they have."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.integration.clients.adapter import SECONDS, Arrival, Library, Server, Transport
from tests.integration.clients.aiomqtt_client import Aiomqtt
from tests.integration.clients.gmqtt_client import Gmqtt
from tests.integration.clients.mosquitto_client import Mosquitto
from tests.integration.clients.mqttjs_client import MqttJs, MqttJsClient, NodeRed
from tests.integration.clients.paho_client import Paho
from tests.integration.clients.scenario import CHAPTERS, Chapter, Story
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import reach, until
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

Way = tuple[type[Library], int, Transport]

ALL_TRANSPORTS = ("tcp", "tls", "ws", "wss")
SPEAKS: dict[type[Library], tuple[tuple[int, ...], tuple[Transport, ...]]] = {
    # Debian 12's mosquitto_pub and mosquitto_sub (2.0.11) have no WebSockets, and neither has gmqtt.
    Mosquitto: ((3, 4, 5), ("tcp", "tls")),
    Paho: ((3, 4, 5), ALL_TRANSPORTS),
    Aiomqtt: ((4, 5), ALL_TRANSPORTS),
    Gmqtt: ((4, 5), ("tcp", "tls")),
    MqttJs: ((4, 5), ALL_TRANSPORTS),
    NodeRed: ((3, 4), ("tcp", "tls")),
}
WAYS = [
    (library, version, transport)
    for library, (versions, transports) in SPEAKS.items()
    for version in versions
    for transport in transports
]


def name_of(way: Way) -> str:
    """Return a name such as `paho-5-tls`."""
    library, version, transport = way
    return f"{library.__name__.lower()}-{version}-{transport}"


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One broker for all stories, each of which has topics and client ids of its own."""
    ports = {transport: free_port() for transport in ALL_TRANSPORTS}
    automatic = {"mode": "Automatic"}
    with World(tmp_path_factory.mktemp("clients")) as world:
        engine = world.engine(
            listener(
                {"port": ports["tcp"]},
                {"port": ports["tls"], "tls": automatic},
                {"port": ports["ws"], "protocol": "WebSockets"},
                {"port": ports["wss"], "protocol": "WebSockets", "tls": automatic},
            )
        )
        engine.launch()
        until(lambda: engine.status() is not None, "the broker to be up")
        yield Server(ports, engine.data_dir / "ca.crt")


@pytest.fixture(name="library", scope="module")
def a_library(server: Server, request: pytest.FixtureRequest) -> Iterator[Library]:
    """The library of one way, for all chapters told that way."""
    library, version, transport = request.param
    made = library(server, version, transport)
    yield made
    made.close()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
@pytest.mark.parametrize("library", WAYS, indirect=True, ids=name_of)
def test_real_clients(server: Server, library: Library, chapter: Chapter, request: pytest.FixtureRequest) -> None:
    reference = Paho(server, 4 if library.version == 5 else 5, "tcp")
    place = f"{name_of((type(library), library.version, library.transport))}-{chapter.__name__}"
    with Story(library, reference, place) as story:
        chapter(story)


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "clean"])
@pytest.mark.parametrize("version", [3, 4, 5])
def test_node_red_connects_again_and_misses_nothing_that_is_kept(server: Server, version: int, keep: bool) -> None:
    place = f"again-{version}-{keep}"
    with closing(NodeRed(server, version, "tcp")) as library, Story(library, Paho(server, 4, "tcp"), place) as story:
        client, publisher = story.connect("n", keep=keep), story.connect_reference("p")
        assert isinstance(client, MqttJsClient)
        topic = story.topic("lights")
        client.subscribe(topic, 2)
        for number in (2, 3):
            client.lose()
            if keep:
                publisher.publish(topic, "meanwhile", qos=2)
            reach(client.connection_count, number, "connections", seconds=SECONDS)
            if keep:
                story.expect(client, Arrival(topic, "meanwhile", 2))
            story.expect_nothing(client, publisher, topic)
