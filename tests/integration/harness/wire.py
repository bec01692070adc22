"""One MQTT 5 Network Connection as a client of the tests sees it: packets in, packets out, no hidden resends.

Written on the codec and a plain socket because the ledger must keep up with thousands of messages a second, and because
a client that retries by itself would blur who made a duplicate. Where an opinion independent of the codec counts, the
tests use paho-mqtt.
"""

import select
import socket
import time

import mqtt5

__all__ = ["ConnectRefused", "PacketReader", "Wire"]

READ_BYTES = 256 * 1024


class ConnectRefused(ConnectionError):
    """The server answered CONNECT with a reason code of 0x80 or above."""

    def __init__(self, reason_code: int) -> None:
        self.reason_code = reason_code
        super().__init__(f"CONNACK 0x{reason_code:02x}")


class PacketReader:
    """Cuts a stream of bytes into whole packets."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[mqtt5.Packet]:
        """Return the packets completed by `data`; what is left waits for the next call."""
        buffer = memoryview(self.rest + data)
        packets = []
        offset = 0
        while offset < len(buffer):
            try:
                packet, length = mqtt5.read(buffer[offset:])
            except IndexError:
                break
            packets.append(packet)
            offset += length
        self.rest = bytes(buffer[offset:])
        return packets


class Wire:
    """A connected, accepted client. Every failure of the connection is an OSError."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *,
        clean_start: bool = True,
        session_expiry_seconds: int = 0,
        receive_maximum: int = 65535,
        will: mqtt5.Will | None = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        self.reader = PacketReader()
        self.early: list[mqtt5.Packet] = []
        self.unsent = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_seconds)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connect = mqtt5.ConnectPacket(
                client_id,
                clean_start=clean_start,
                session_expiry_interval=session_expiry_seconds,
                receive_max=receive_maximum,
                will=will,
            )
            self.socket.sendall(connect.write())
            self.connack = self._connack()
            self.socket.setblocking(False)
        except BaseException:
            self.socket.close()
            raise

    def _connack(self) -> mqtt5.ConnAckPacket:
        while not self.early:
            data = self.socket.recv(READ_BYTES)
            if not data:
                raise ConnectionError("closed before CONNACK")
            self.early += self.reader.feed(data)
        connack = self.early.pop(0)
        assert isinstance(connack, mqtt5.ConnAckPacket), connack
        if int(connack.reason_code) >= 0x80:
            raise ConnectRefused(int(connack.reason_code))
        return connack

    def send(self, data: bytes) -> None:
        """Queue bytes; they leave here or in the next `receive`."""
        self.unsent += data
        self._flush()

    def _flush(self) -> None:
        try:
            sent = self.socket.send(self.unsent)
        except BlockingIOError:
            return
        del self.unsent[:sent]

    def receive(self, timeout_seconds: float) -> list[mqtt5.Packet]:
        """Return the next packets; ConnectionError when the server closed.

        None when `timeout_seconds` are over, or earlier when the last of what was to be sent has left.
        """
        packets, self.early = self.early, []
        had_unsent = bool(self.unsent)
        deadline = time.monotonic() + timeout_seconds
        # A read may end within a packet, and is then no reason to come back with nothing.
        while not packets:
            writers = [self.socket] if self.unsent else []
            left = max(0.0, deadline - time.monotonic())
            readable, writable, _ = select.select([self.socket], writers, [], left)
            if writable:
                self._flush()
            if readable:
                packets = self._read()
            elif not writable or (had_unsent and not self.unsent):
                break
        return packets

    def _read(self) -> list[mqtt5.Packet]:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionError("closed by the server")
        return self.reader.feed(data)

    def subscribe(self, *topic_filters: str, qos: mqtt5.QoS = mqtt5.QoS.AT_LEAST_ONCE) -> None:
        """Send SUBSCRIBE with retain-as-published; the SUBACK comes through `receive`."""
        filters = [mqtt5.TopicFilter(topic_filter, max_qos=qos) for topic_filter in topic_filters]
        self.send(mqtt5.SubscribePacket(1, filters).write())

    def abort(self) -> None:
        """Close without DISCONNECT."""
        self.socket.close()

    def close(self) -> None:
        """DISCONNECT, the session kept as CONNECT said, and close."""
        try:
            self.socket.settimeout(1.0)
            self.socket.sendall(bytes(self.unsent) + mqtt5.DisconnectPacket().write())
        except OSError:
            pass
        finally:
            self.socket.close()
