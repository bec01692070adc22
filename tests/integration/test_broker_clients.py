"""The same story told by real clients to the embedded broker: Debian's mosquitto clients and paho, 3.1.1 and 5, on every port."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World
from tests.peers import require

pytestmark = pytest.mark.integration

SECONDS = 20


@dataclass(frozen=True)
class Server:
    """Where the broker listens."""

    plain: int
    tls: int
    websocket: int
    secure_websocket: int
    ca_file: Path


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One broker for all tests of this file, each of which has topics and client ids of its own."""
    ports = [free_port() for _ in range(4)]
    with World(tmp_path_factory.mktemp("clients")) as world:
        automatic = {"mode": "Automatic"}
        engine = world.engine(
            listener(
                {"port": ports[0]},
                {"port": ports[1], "tls": automatic},
                {"port": ports[2], "protocol": "WebSockets"},
                {"port": ports[3], "protocol": "WebSockets", "tls": automatic},
            )
        )
        engine.launch()
        until(lambda: engine.status() is not None, "the broker to be up")
        yield Server(ports[0], ports[1], ports[2], ports[3], engine.data_dir / "ca.crt")


class PahoClient:
    """One paho client with its network loop in a thread."""

    def __init__(self, server: Server, name: str, version: int, transport: str, **connect: Any) -> None:
        is_websocket = transport in ("ws", "wss")
        self.received: list[paho.MQTTMessage] = []
        self.acknowledged: set[int] = set()
        self.changed = threading.Condition()
        self.connack: tuple[bool, int] | None = None
        self.subscribed = 0
        keep = connect.pop("keep", False)
        arguments: dict[str, Any] = {} if version == 5 else {"clean_session": not keep}
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=MQTTProtocolVersion(version),
            transport="websockets" if is_websocket else "tcp",
            **arguments,
        )
        if is_websocket:
            self.client.ws_set_options(path="/mqtt")
        if transport in ("tls", "wss"):
            self.client.tls_set(ca_certs=str(server.ca_file), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        if "will" in connect:
            topic, payload = connect.pop("will")
            self.client.will_set(topic, payload, qos=1)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_publish = self._on_publish
        self.client.on_subscribe = self._on_subscribe
        port = {
            "tcp": server.plain,
            "tls": server.tls,
            "ws": server.websocket,
            "wss": server.secure_websocket,
        }[transport]
        more: dict[str, Any] = {}
        if version == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 300 if keep else 0
            more = {"clean_start": not keep, "properties": properties}
        self.client.connect("localhost", port, keepalive=30, **more)
        self.client.loop_start()
        self.wait(lambda: self.connack is not None, "CONNACK")

    def wait(self, condition: Any, what: str) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, SECONDS), f"no {what}"

    def subscribe(self, topic_filter: str, qos: int = 2) -> None:
        before = self.subscribed
        if self.client._protocol == paho.MQTTv5:
            self.client.subscribe(topic_filter, options=SubscribeOptions(qos=qos))
        else:
            self.client.subscribe(topic_filter, qos)
        self.wait(lambda: self.subscribed > before, "SUBACK")

    def publish(self, topic: str, payload: str, qos: int = 1, *, retain: bool = False) -> None:
        message = self.client.publish(topic, payload, qos, retain)
        message.wait_for_publish(SECONDS)
        assert message.is_published()

    def expect(self, *payloads: str) -> list[paho.MQTTMessage]:
        self.wait(lambda: len(self.received) >= len(payloads), f"messages {payloads}")
        assert [message.payload.decode() for message in self.received] == list(payloads)
        found, self.received = self.received, []
        return found

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def cut(self) -> None:
        """End without DISCONNECT."""
        sock = self.client.socket()
        assert sock is not None
        self.client._sock_close()
        self.client.loop_stop()

    def _tell(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _on_connect(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        self.connack = (flags.session_present, code.value)
        self._tell()

    def _on_message(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        self.received.append(message)
        self._tell()

    def _on_publish(self, client: Any, data: Any, mid: int, code: Any, properties: Any) -> None:
        self.acknowledged.add(mid)
        self._tell()

    def _on_subscribe(self, client: Any, data: Any, mid: int, codes: Any, properties: Any) -> None:
        assert not any(code.is_failure for code in codes), codes
        self.subscribed += 1
        self._tell()


WAYS = [(version, transport) for version in (4, 5) for transport in ("tcp", "tls", "ws", "wss")]


@pytest.mark.parametrize(("version", "transport"), WAYS)
def test_paho(server: Server, version: int, transport: str) -> None:
    name = f"paho-{version}-{transport}"
    other_version = 9 - version
    publisher = PahoClient(server, f"{name}-p", other_version, "tcp")
    subscriber = PahoClient(server, f"{name}-s", version, transport, keep=True)
    subscriber.subscribe(f"{name}/#")
    for qos in (0, 1, 2):
        publisher.publish(f"{name}/a", f"qos {qos}", qos)
    messages = subscriber.expect("qos 0", "qos 1", "qos 2")
    assert [message.qos for message in messages] == [0, 1, 2]
    # Session resume: what comes meanwhile is kept.
    subscriber.leave()
    publisher.publish(f"{name}/a", "meanwhile", 2)
    subscriber = PahoClient(server, f"{name}-s", version, transport, keep=True)
    assert subscriber.connack is not None and subscriber.connack[0]
    subscriber.expect("meanwhile")
    # Retained, and removed again.
    publisher.publish(f"{name}/kept", "kept", 1, retain=True)
    assert not subscriber.expect("kept")[0].retain
    late = PahoClient(server, f"{name}-l", version, transport)
    late.subscribe(f"{name}/kept")
    assert late.expect("kept")[0].retain
    publisher.publish(f"{name}/kept", "", 1, retain=True)
    late.leave()
    subscriber.expect("")
    # A will.
    dying = PahoClient(server, f"{name}-d", version, transport, will=(f"{name}/will", "gone"))
    dying.cut()
    subscriber.expect("gone")
    # A shared subscription.
    members = [PahoClient(server, f"{name}-m{number}", version, transport) for number in range(2)]
    for member in members:
        member.subscribe(f"$share/group/{name}-shared")
    for number in range(6):
        publisher.publish(f"{name}-shared", str(number), 1)
    until(lambda: sum(len(member.received) for member in members) == 6, "all shared messages")
    assert [len(member.received) for member in members] == [3, 3]
    for client in (publisher, subscriber, *members):
        client.leave()


@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_mosquitto_clients(server: Server, version: str, transport: str) -> None:
    require("mosquitto_sub")
    name = f"mosq-{version}-{transport}"
    port = server.plain if transport == "tcp" else server.tls
    common = ["-h", "localhost", "-p", str(port), "-V", version]
    if transport == "tls":
        common += ["--cafile", str(server.ca_file)]
    subscribe = [_path("mosquitto_sub"), *common, "-t", f"{name}/#", "-v", "-W", str(SECONDS)]
    publish = [_path("mosquitto_pub"), *common, "-t", f"{name}/a"]
    subprocess.run([*publish, "-m", "kept", "-q", "1", "-r"], check=True, timeout=SECONDS)
    for qos in ("0", "1", "2"):
        # The retained message says that the subscription stands.
        with subprocess.Popen(
            [*subscribe, "-q", qos, "-C", "2", "-i", f"{name}-{qos}"], stdout=subprocess.PIPE, text=True
        ) as listening:
            assert listening.stdout is not None
            assert listening.stdout.readline() == f"{name}/a kept\n"
            subprocess.run([*publish, "-m", f"qos {qos}", "-q", qos], check=True, timeout=SECONDS)
            assert listening.stdout.readline() == f"{name}/a qos {qos}\n"
            assert listening.wait(SECONDS) == 0
    # A session that is kept, with what came meanwhile.
    keep = [*subscribe, "-q", "1", "-c", "-i", f"{name}-kept", "-E"]
    if version == "mqttv5":
        keep += ["-x", "300"]
    subprocess.run(keep, check=True, timeout=SECONDS)
    subprocess.run([*publish, "-m", "meanwhile", "-q", "1"], check=True, timeout=SECONDS)
    keep.remove("-E")
    done = subprocess.run([*keep, "-C", "2"], check=True, timeout=SECONDS, capture_output=True, text=True)
    assert f"{name}/a meanwhile\n" in done.stdout


def _path(program: str) -> str:
    found = shutil.which(program)
    assert found is not None
    return found


@pytest.mark.parametrize("version", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
@pytest.mark.parametrize("transport", ["tcp", "tls", "ws"])
def test_aiomqtt(server: Server, version: aiomqtt.ProtocolVersion, transport: str) -> None:
    name = f"aiomqtt-{version.name}-{transport}"

    def client(identifier: str, **more: Any) -> aiomqtt.Client:
        port = {"tcp": server.plain, "tls": server.tls, "ws": server.websocket}[transport]
        if transport == "tls":
            more["tls_params"] = aiomqtt.TLSParameters(ca_certs=str(server.ca_file))
        elif transport == "ws":
            more.update(transport="websockets", websocket_path="/mqtt")
        return aiomqtt.Client("localhost", port, protocol=version, identifier=f"{name}-{identifier}", **more)

    async def next_of(listening: aiomqtt.Client) -> tuple[bytes, int, bool]:
        message = await anext(aiter(listening.messages))
        assert isinstance(message.payload, bytes)
        return message.payload, message.qos, message.retain

    async def scenario() -> None:
        async with asyncio.timeout(SECONDS):
            will = aiomqtt.Will(f"{name}/will", b"gone", qos=1)
            async with client("listener") as listening:
                await listening.subscribe(f"{name}/#", qos=2)
                async with client("sender", will=will) as sending:
                    for qos in (0, 1, 2):
                        await sending.publish(f"{name}/a", b"x", qos=qos)
                        assert await next_of(listening) == (b"x", qos, False)
                    await sending.publish(f"{name}/kept", b"kept", qos=1, retain=True)
                    assert await next_of(listening) == (b"kept", 1, False)
                    async with client("late") as late:
                        await late.subscribe(f"{name}/kept", qos=1)
                        assert await next_of(late) == (b"kept", 1, True)
                await listening.publish(f"{name}/kept", b"", qos=1, retain=True)
                assert await next_of(listening) == (b"", 1, False)

    asyncio.run(scenario())
