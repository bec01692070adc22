"""Clients that mean no good, on every port of a running broker, while others go on being served and its memory stays bounded.

Each test is one attack on the same process. A publisher and a subscriber go on throughout, as anybody would.
"""

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import mqtt5
import pytest
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import PacketReader, Wire
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

MEMORY_BYTES_MAX = 400 * 1024 * 1024
"""How much memory the broker may have had at its worst moment: twice what it takes with these attacks."""

CONNECT_SECONDS = 10.0
"""`BrokerLimits.connect_timeout_seconds`."""

FILES = 128
"""The soft limit of open files under which a broker is started to see it ask for more."""

HANDSHAKES = 25
"""Half openings of each kind at once."""

UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)
LONG_CONNECT = b"\x10" + b"\xf0\x93\x09" + b"\x00\x04MQTT\x05\x00\x00\x00\x00\x00\x00"
"""The beginning of a CONNECT that claims 150 000 bytes."""


@dataclass(frozen=True)
class Server:
    """The process, its ports, and who uses it for good."""

    engine: Engine
    ports: dict[str, int]
    ca_path: Path
    publisher: Publisher
    subscriber: Subscriber

    def socket(self, way: str) -> socket.socket:
        """Connect to a port, with TLS and an upgrade to WebSocket where it wants them."""
        plain = socket.create_connection(("localhost", self.ports[way]), timeout=20)
        if way in ("tls", "wss"):
            plain = ssl.create_default_context(cafile=str(self.ca_path)).wrap_socket(plain, server_hostname="localhost")
        if way in ("ws", "wss"):
            plain.sendall(UPGRADE)
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += plain.recv(1)
            assert answer.startswith(b"HTTP/1.1 101 ")
        return plain

    @contextmanager
    def under_attack(self) -> Iterator[ExitStack]:
        """Hold that others are served during the attack and after it, and that the memory stays within its bound."""
        served = self.subscriber.seen_count
        with ExitStack() as stack:
            yield stack
            grow(served, 20, "messages of others during the attack")
        grow(served, 20, "messages of others after the attack")
        assert self.publisher.connections == self.subscriber.connections == 1, "others lost their connections"
        assert memory_bytes_ever(self.engine) < MEMORY_BYTES_MAX


def memory_bytes_ever(engine: Engine) -> int:
    """Return the most resident memory that the process ever had."""
    lines = Path(f"/proc/{engine.process_id}/status").read_text().splitlines()
    (peak,) = (line.split() for line in lines if line.startswith("VmHWM:"))
    return int(peak[1]) * 1024


@pytest.fixture(name="server", scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One broker for all attacks; at the end nothing of the others' messages may be missing."""
    ports = {way: free_port() for way in ("tcp", "tls", "ws", "wss")}
    automatic = {"mode": "Automatic"}
    with World(tmp_path_factory.mktemp("hostile")) as world:
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
        subscriber = world.subscriber(ports["tcp"], ["good/#"])
        publisher = world.publisher(ports["tcp"], ["good/one", "good/other"], rate=200)
        yield Server(engine, ports, engine.data_dir / "ca.crt", publisher, subscriber)
        publisher.finish()
        assert_kept(publisher, subscriber, duplicates_max=0)


def frame(payload: bytes, *, claimed: int | None = None) -> bytes:
    """Return a masked binary frame with `payload`, which may claim more."""
    size = len(payload) if claimed is None else claimed
    mask = b"\x00\x00\x00\x00"
    return b"\x82\xff" + struct.pack("!Q", size) + mask + payload


def closed_by_the_server(sockets: Iterable[socket.socket]) -> list[socket.socket]:
    """Return those of non-blocking `sockets` that the server has ended, having read what it said."""
    ended = []
    for each in sockets:
        try:
            while each.recv(65536):
                pass
            ended.append(each)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            ended.append(each)
    return ended


def until_all_are_closed(
    sockets: list[socket.socket], *, meanwhile: Callable[[socket.socket], None] | None = None
) -> None:
    """Wait for the server to end all, and do something to those that are left again and again."""
    left = set(sockets)
    for each in left:
        each.setblocking(False)

    def none_is_left() -> bool:
        left.difference_update(closed_by_the_server(left))
        for each in left:
            with suppress(OSError):
                if meanwhile is not None:
                    meanwhile(each)
        return not left

    until(none_is_left, "the server to end what is never finished", found=lambda: len(left), seconds=60)


def test_promise_08_ten_thousand_connects_come_and_go(server: Server) -> None:
    """Half of them say DISCONNECT, half are gone without a word; all are answered."""
    with server.under_attack():
        for batch in range(20):
            sockets = []
            for number in range(500):
                each = socket.create_connection(("127.0.0.1", server.ports["tcp"]), timeout=20)
                each.sendall(mqtt5.ConnectPacket(f"come-and-go-{batch}-{number}").write())
                sockets.append(each)
            for number, each in enumerate(sockets):
                (packet,) = PacketReader().feed(each.recv(1024))
                assert isinstance(packet, mqtt5.ConnAckPacket) and int(packet.reason_code) == 0
                if number % 2:
                    each.sendall(mqtt5.DisconnectPacket().write())
                each.close()


def test_promise_08_more_connections_than_a_process_has_files_by_default(world: World) -> None:
    """Systems let a process have 1024 open files unless it asks for more; the broker does."""
    port = free_port()
    engine = world.engine(listener({"port": port}))
    engine.command = ["sh", "-c", f'ulimit -Sn {FILES}; exec "$@"', "sh", *engine.command]
    engine.launch()
    until(lambda: engine.status() is not None, "the broker to be up")
    with ExitStack() as stack:
        for number in range(FILES):
            stack.callback(Wire(port, f"client-{number}").abort)


def test_failure_10_half_openings_and_slow_loris_on_every_port(server: Server) -> None:
    """Silence in every state before CONNECT is complete, and one byte after the other, are both ended in time."""
    began = time.monotonic()
    with server.under_attack() as stack:
        sockets = []
        for way, port in server.ports.items():
            first = {"tcp": LONG_CONNECT, "ws": UPGRADE[:60]}.get(way, b"\x16\x03\x01\x02\x00\x01")
            for _ in range(HANDSHAKES):
                each = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
                each.sendall(first)
                sockets.append(each)
            for said in (b"", frame(LONG_CONNECT)[:12] if way in ("ws", "wss") else LONG_CONNECT[:4]):
                each = stack.enter_context(server.socket(way))
                each.sendall(said)
                sockets.append(each)
        loris = set(sockets[::2])

        def one_byte_more(each: socket.socket) -> None:
            if each in loris:
                each.send(b"\x00")

        until_all_are_closed(sockets, meanwhile=one_byte_more)
    assert time.monotonic() - began > CONNECT_SECONDS / 2, "they were ended for another reason"


@pytest.mark.parametrize("way", ["tcp", "tls", "ws", "wss"])
@pytest.mark.parametrize("first", [b"\x10\xff\xff\xff\x7f", b"\x30\xff\xff\xff\x7f", b"\x10\xff\xff\xff\xff\xff"])
def test_promise_08_a_claimed_length_is_refused_before_what_it_claims(server: Server, way: str, first: bytes) -> None:
    with server.under_attack() as stack:
        each = stack.enter_context(server.socket(way))
        each.sendall(frame(first) if way in ("ws", "wss") else first)
        until_all_are_closed([each])


@pytest.mark.parametrize("way", ["ws", "wss"])
def test_promise_12_a_frame_that_claims_too_much_is_refused(server: Server, way: str) -> None:
    with server.under_attack() as stack:
        each = stack.enter_context(server.socket(way))
        each.sendall(frame(LONG_CONNECT, claimed=1 << 62))
        until_all_are_closed([each])


@pytest.mark.parametrize("path", ["//[", "/mqtt" + "a" * 20_000, "*", "http://[::1", "\x00", "/%zz", ""])
def test_promise_12_whatever_an_upgrade_asks_for(server: Server, path: str) -> None:
    with server.under_attack() as stack:
        each = stack.enter_context(socket.create_connection(("127.0.0.1", server.ports["ws"]), timeout=20))
        each.sendall(UPGRADE.replace(b"/mqtt", path.encode(), 1))
        until_all_are_closed([each])


def test_promise_08_a_storm_of_subscriptions(server: Server) -> None:
    """Each client is answered for each of its filters; what was subscribed is gone with the connections."""
    with server.under_attack():
        wires = [Wire(server.ports["tcp"], f"storm-{number}") for number in range(10)]
        for number, wire in enumerate(wires):
            for part in range(10):
                filters = [f"storm/+/{number}/{part}/{each}/#" for each in range(500)]
                wire.send(mqtt5.SubscribePacket(part + 1, [mqtt5.TopicFilter(each) for each in filters]).write())
        for wire in wires:
            codes: list[int] = []
            while len(codes) < 5_000:
                for packet in wire.receive(20):
                    assert isinstance(packet, mqtt5.SubAckPacket)
                    codes += [int(code) for code in packet.reason_codes]
            assert set(codes) == {2}, "the QoS that was asked for"
        for wire in wires:
            wire.abort()


def test_promise_08_topics_of_very_many_levels(server: Server) -> None:
    with server.under_attack() as stack:
        for topic in ("/" * 65_000, "a/" * 5_000, "/".join("+" * 30_000)):
            for packet in (
                mqtt5.PublishPacket(topic.replace("+", "a"), b"", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1),
                mqtt5.SubscribePacket(1, [mqtt5.TopicFilter(topic)]),
                mqtt5.UnsubscribePacket(1, [topic]),
            ):
                wire = Wire(server.ports["tcp"], "deep")
                stack.callback(wire.abort)
                wire.send(packet.write())
                answers: list[mqtt5.Packet] = []
                while not answers:
                    answers = wire.receive(20)
                (answer,) = answers
                assert refusal_of(answer) in (0x8F, 0x90, 0x97, 0x11), answer


def send_all(wire: Wire, data: bytes) -> list[mqtt5.Packet]:
    """Send until all is with the system; return what came meanwhile."""
    wire.send(data)
    came: list[mqtt5.Packet] = []
    while wire.unsent:
        came += wire.receive(20)
    return came


def refusal_of(packet: mqtt5.Packet) -> int:
    """Return the reason code of an answer to one thing."""
    if isinstance(packet, mqtt5.SubAckPacket | mqtt5.UnsubAckPacket):
        (code,) = packet.reason_codes
        return int(code)
    assert isinstance(packet, mqtt5.PubAckPacket | mqtt5.DisconnectPacket), packet
    return int(packet.reason_code)


@pytest.mark.parametrize("qos", [mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE])
def test_failure_25_a_subscriber_that_stands_still(server: Server, qos: mqtt5.QoS) -> None:
    """It is sent 320 MiB and reads nothing; who publishes that is answered all the same, and it costs its limit."""
    with server.under_attack():
        stalled = [Wire(server.ports["tcp"], f"stalled-{number}") for number in range(2)]
        for wire in stalled:
            wire.subscribe("flood", qos=qos)
            assert wire.receive(20)
        codes: set[int] = set()
        flood = Wire(server.ports["tcp"], "flood")
        packet_id = 1 if qos == mqtt5.QoS.AT_LEAST_ONCE else None
        message = mqtt5.PublishPacket("flood", bytes(1024 * 1024), qos=qos, packet_id=packet_id).write()
        for _ in range(320):
            said = send_all(flood, message)
            while packet_id is not None and not said:
                said = flood.receive(20)
            codes |= {refusal_of(packet) for packet in said}
        said = send_all(flood, mqtt5.PingReqPacket().write())
        while not any(isinstance(packet, mqtt5.PingRespPacket) for packet in said):
            said = flood.receive(20)
            assert said, "the publisher is not answered"
        assert codes <= {0}, "sessions in memory lose what they have no room for; nobody is refused for them"
        for wire in (flood, *stalled):
            wire.abort()


def test_promise_08_answers_that_nobody_reads(server: Server) -> None:
    """The broker lets go of a client that asks and asks and reads nothing."""
    with server.under_attack() as stack:
        each = socket.socket()
        stack.enter_context(each)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        each.connect(("127.0.0.1", server.ports["tcp"]))
        each.settimeout(30)
        each.sendall(mqtt5.ConnectPacket("deaf").write())
        asked = mqtt5.UnsubscribePacket(1, ["a"] * 10_000).write()

        def is_let_go() -> bool:
            try:
                each.sendall(asked)
            except ConnectionError:
                return True
            return False

        until(is_let_go, "the broker to let go of it")


def test_promise_08_a_storm_of_retained_messages(server: Server) -> None:
    """Many subscribe to many retained messages again and again and read none."""
    with server.under_attack() as stack:
        keeper = Wire(server.ports["tcp"], "keeper")
        stack.callback(keeper.abort)
        for number in range(1_000):
            send_all(keeper, mqtt5.PublishPacket(f"kept/{number}", bytes(8192), retain=True).write())
        deaf = [Wire(server.ports["tcp"], f"deaf-{number}") for number in range(30)]
        for wire in deaf:
            stack.callback(wire.abort)
            for _ in range(20):
                wire.subscribe("kept/#")
        late = Wire(server.ports["tcp"], "late")
        stack.callback(late.abort)
        late.subscribe("kept/#")
        seen: set[str] = set()
        while len(seen) < 1_000:
            packets = late.receive(20)
            assert packets, f"{len(seen)} of 1000 retained messages"
            seen |= {packet.topic for packet in packets if isinstance(packet, mqtt5.PublishPacket)}
            acknowledged = [each for each in packets if isinstance(each, mqtt5.PublishPacket) and each.packet_id]
            late.send(b"".join(mqtt5.PubAckPacket(each.packet_id or 0).write() for each in acknowledged))
        for number in range(1_000):
            send_all(keeper, mqtt5.PublishPacket(f"kept/{number}", b"", retain=True).write())
        keeper.close()
        late.close()
