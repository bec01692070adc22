"""A server that answers as a test says: what no real broker can be brought to do.

One thread, blocking on a selector; sessions are not kept. Everything it receives is recorded with the number of its connection.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import mqtt5
from tests.integration.harness.ports import free_port
from tests.integration.harness.wire import READ_BYTES, PacketReader

__all__ = ["Received", "Script", "ScriptedPeer", "http_answer"]


class Received(NamedTuple):
    """One packet from the engine; connections count from 1."""

    connection: int
    packet: Any


@dataclass(slots=True)
class Script:
    """How to answer. `puback` returns None to stay silent; `suback` the reason code of every filter."""

    connack: Callable[[int], mqtt5.ConnAckPacket] = lambda connection: mqtt5.ConnAckPacket()
    suback: Callable[[mqtt5.SubscribePacket], mqtt5.SubAckReasonCode] = lambda packet: (
        mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
    )
    puback: Callable[[mqtt5.PublishPacket], mqtt5.PubAckPacket | None] = lambda packet: mqtt5.PubAckPacket(
        packet.packet_id or 0
    )
    answers_pings: bool = True
    raw_answer: bytes | None = None


@dataclass(slots=True)
class _Peer:
    number: int
    reader: PacketReader = field(default_factory=PacketReader)


class ScriptedPeer:
    """Listens on `port`; `received` grows as the engine speaks; `push` speaks first."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.port = free_port()
        self.received: list[Received] = []
        self.closed: list[int] = []
        self.connections = 0
        self.failure: BaseException | None = None
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.live: dict[socket.socket, _Peer] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"scripted-{self.port}", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self.thread.start()

    def close(self) -> None:
        """End the thread and all sockets; raise what went wrong there."""
        self.stopping.set()
        self.thread.join(timeout=10)
        for peer_socket in [*self.live, self.listener]:
            peer_socket.close()
        self.selector.close()
        if self.failure is not None:
            raise self.failure

    def packets(self, kind: type[Any], connection: int | None = None) -> list[Any]:
        """Return the packets of one type, of one connection or of all."""
        return [
            received.packet
            for received in list(self.received)
            if isinstance(received.packet, kind) and connection in (None, received.connection)
        ]

    def push(self, data: bytes) -> None:
        """Send bytes on every live connection."""
        with self.lock:
            for peer_socket in list(self.live):
                peer_socket.sendall(data)

    def drop(self) -> None:
        """Close every live connection without a word."""
        with self.lock:
            for peer_socket in list(self.live):
                peer_socket.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                for key, _ in self.selector.select(0.05):
                    if key.fileobj is self.listener:
                        self._accept()
                    else:
                        assert isinstance(key.fileobj, socket.socket)
                        self._read(key.fileobj)
        except BaseException as error:  # the thread's one way to tell; raised again by close()
            self.failure = error

    def _accept(self) -> None:
        peer_socket, _ = self.listener.accept()
        self.connections += 1
        with self.lock:
            self.live[peer_socket] = _Peer(self.connections)
        self.selector.register(peer_socket, selectors.EVENT_READ)

    def _read(self, peer_socket: socket.socket) -> None:
        peer = self.live[peer_socket]
        try:
            data = peer_socket.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._forget(peer_socket)
            return
        if self.script.raw_answer is not None:
            peer_socket.sendall(self.script.raw_answer)
            self._forget(peer_socket)
            return
        for packet in peer.reader.feed(data):
            self.received.append(Received(peer.number, packet))
            answer = self._answer(peer, packet)
            if answer:
                with self.lock:
                    try:
                        peer_socket.sendall(answer)
                    except OSError:
                        return

    def _forget(self, peer_socket: socket.socket) -> None:
        with self.lock:
            peer = self.live.pop(peer_socket)
        self.closed.append(peer.number)
        self.selector.unregister(peer_socket)
        peer_socket.close()

    def _answer(self, peer: _Peer, packet: mqtt5.Packet) -> bytes:
        script = self.script
        if isinstance(packet, mqtt5.ConnectPacket):
            return script.connack(peer.number).write()
        if isinstance(packet, mqtt5.SubscribePacket):
            code = script.suback(packet)
            return mqtt5.SubAckPacket(packet.packet_id, [code] * len(packet.topic_filters)).write()
        if isinstance(packet, mqtt5.UnsubscribePacket):
            codes = [mqtt5.UnsubAckReasonCode.SUCCESS] * len(packet.patterns)
            return mqtt5.UnsubAckPacket(packet.packet_id, codes).write()
        if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id is not None:
            puback = script.puback(packet)
            return puback.write() if puback else b""
        if isinstance(packet, mqtt5.PingReqPacket) and script.answers_pings:
            return mqtt5.PingRespPacket().write()
        return b""


def http_answer(status_line: str, *headers: str) -> bytes:
    """Return a whole HTTP answer without a body, for a server that does not speak WebSocket."""
    return "\r\n".join([f"HTTP/1.1 {status_line}", *headers, "Content-Length: 0", "Connection: close", "", ""]).encode()
