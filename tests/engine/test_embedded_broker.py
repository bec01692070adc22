"""The broker of one data directory: what comes up, what survives, and how flows reach it."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import mqtt5
import pytest
from mqtt5 import ConnectPacket
from tests.engine.test_broker_host import message, subscribe

from tidegate.auth.secret_source import DeclaredSource
from tidegate.broker.plan import BrokerPlan, ListenerPlan, TlsAutomatic, TokenMethod
from tidegate.engine.embedded_broker import CA_CONFIG_MAP, EmbeddedBroker
from tidegate.engine.reachable import BROKER_FILE_NAME, read_reachable
from tidegate.engine.worker_channel import SecretValues
from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import EndpointPlan, TokenPlan
from tidegate.moment import Moment
from tidegate.net.tasks import Tasks

NOTHING = DeclaredSource({}, {})


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def plan_of(secure: int, plain: int) -> BrokerPlan:
    local = ("127.0.0.1",)
    return BrokerPlan(
        listeners=(
            ListenerPlan(name="default", addresses=local, port=secure, tls=TlsAutomatic(), authentication="default"),
            ListenerPlan(name="plain", addresses=local, port=plain),
        ),
        authentications={"default": (TokenMethod(("aio-internal",)),)},
    )


Scenario = Callable[[EmbeddedBroker, int, int], Awaitable[None]]


def run(directory: Path, scenario: Scenario) -> None:
    async def bounded() -> None:
        failures: list[tuple[str, Exception]] = []
        tasks = Tasks(lambda name, error: failures.append((name, error)))
        broker = EmbeddedBroker(directory, clock=lambda: Moment(time.monotonic(), time.time()), tasks=tasks)
        secure, plain = free_port(), free_port()
        async with asyncio.timeout(20):
            await broker.apply(plan_of(secure, plain), NOTHING)
            await scenario(broker, secure, plain)
            await broker.stop()
            await tasks.close()
        assert not failures

    asyncio.run(bounded())


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.data = b""

    async def say(self, packet: mqtt5.Packet) -> mqtt5.Packet:
        self.writer.write(packet.write())
        return await self.next()

    async def next(self) -> mqtt5.Packet:
        while True:
            try:
                packet, length = mqtt5.read(memoryview(self.data))
            except IndexError:
                more = await self.reader.read(65_536)
                assert more, "the broker closed the connection"
                self.data += more
            else:
                self.data = self.data[length:]
                return packet

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


async def plain_client(port: int) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", port))


def test_a_client_with_a_token_over_tls(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        values = broker.secret_values(SecretValues())
        trusted = ssl.create_default_context(cadata=values.config_maps[CA_CONFIG_MAP]["ca.crt"])
        assert (tmp_path / "ca.crt").read_text() == values.config_maps[CA_CONFIG_MAP]["ca.crt"]
        for token, code in ((values.tokens["aio-internal"], 0), (b"forged", 0x87)):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", secure, ssl=trusted, server_hostname="aio-broker"
            )
            client = Client(reader, writer)
            connack = await client.say(ConnectPacket("one", authentication_method="K8S-SAT", authentication_data=token))
            assert isinstance(connack, mqtt5.ConnAckPacket) and int(connack.reason_code) == code
            await client.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", secure, ssl=trusted, server_hostname="aio-broker")
        anonymous = Client(reader, writer)
        connack = await anonymous.say(ConnectPacket("two"))
        assert isinstance(connack, mqtt5.ConnAckPacket) and int(connack.reason_code) == 0x87
        await anonymous.close()

    run(tmp_path, scenario)


def test_what_was_promised_is_there_after_a_restart(tmp_path: Path) -> None:
    async def before(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        client = await plain_client(plain)
        await client.say(ConnectPacket("durable", session_expiry_interval=1_000))
        await client.say(subscribe("a"))
        await client.close()
        publisher = await plain_client(plain)
        await publisher.say(ConnectPacket("p"))
        answer = await publisher.say(message(b"kept", 1))
        assert isinstance(answer, mqtt5.PubAckPacket) and int(answer.reason_code) == 0
        await publisher.close()

    async def after(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        client = await plain_client(plain)
        connack = await client.say(ConnectPacket("durable", session_expiry_interval=1_000))
        assert isinstance(connack, mqtt5.ConnAckPacket) and connack.session_present
        kept = await client.next()
        assert isinstance(kept, mqtt5.PublishPacket) and kept.payload == b"kept"
        await client.close()

    run(tmp_path, before)
    run(tmp_path, after)


def test_our_own_flows_need_no_socket(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        endpoint = EndpointPlan(
            name="default",
            host="aio-broker",
            port=secure,
            transport="tcp",
            path="/mqtt",
            tls=None,
            authentication=TokenPlan(audience="aio-internal"),
            service_type="Local AIO MQTT Broker",
            is_embedded=True,
        )
        stream = broker.connect(endpoint)
        assert stream.peer.startswith("memory")
        stream.close()
        with pytest.raises(ConnectFailed):
            broker.connect(
                EndpointPlan(
                    name="x",
                    host="aio-broker",
                    port=1,
                    transport="tcp",
                    path="",
                    tls=None,
                    authentication=TokenPlan(audience="aio-internal"),
                    service_type="",
                    is_embedded=True,
                )
            )

    run(tmp_path, scenario)


def test_a_damaged_authority_is_a_problem_in_words(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir(mode=0o700)
    key = tmp_path / "authority" / "ca.key"
    key.write_bytes(b"nonsense")
    key.chmod(0o600)

    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        assert "cannot start" in broker.problems[0]
        assert broker.host is None
        assert broker.status() is None

    run(tmp_path, scenario)
    assert key.read_bytes() == b"nonsense"


def test_ports_that_cannot_be_written_down_end_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        (tmp_path / BROKER_FILE_NAME).unlink()
        in_the_way = tmp_path / f".{BROKER_FILE_NAME}.new"
        in_the_way.mkdir()
        for _ in range(2):
            await broker.look_again()
        said = [each for each in caplog.messages if "commands do not learn which ports are open" in each]
        assert len(said) == 1
        await (await plain_client(plain)).close()
        in_the_way.rmdir()
        await broker.look_again()
        assert {each.port for each in read_reachable(tmp_path)} == {secure, plain}

    run(tmp_path, scenario)
