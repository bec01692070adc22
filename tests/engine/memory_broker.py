"""A small MQTT 5 broker behind memory streams: enough of one to run flows against, and steerable."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import mqtt5

from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import EndpointPlan
from tidegate.net.stream import Stream, memory_pair


class MemoryBroker:
    """Sessions are kept for ever; a PUBLISH reaches every session with the filter `#` or the very topic.

    `refusal` is the reason code of the next CONNACKs, `unreachable` makes dialling fail, `holds_pubacks` answers no
    PUBLISH until `release`. `credentials` are the method and data of each CONNECT and AUTH; AUTH is accepted unless
    `refuses_authentication`.
    """

    def __init__(self) -> None:
        self.refusal: mqtt5.ConnAckReasonCode | None = None
        self.unreachable: str | None = None
        self.holds_pubacks = False
        self.refuses_authentication = False
        self.credentials: list[tuple[str | None, bytes | None]] = []
        self.dialled: list[EndpointPlan] = []
        self.contexts: list[ssl.SSLContext | None] = []
        self.sessions: dict[str, set[str]] = {}
        self.live: dict[str, _Connection] = {}
        self.published: list[tuple[str, bytes]] = []
        self.acknowledged: list[int] = []
        self.failure: Exception | None = None
        self._changed = asyncio.Event()

    async def dial(self, endpoint: EndpointPlan, tls: ssl.SSLContext | None) -> Stream:
        """Take the place of `net.dialer.dial`."""
        self.dialled.append(endpoint)
        self.contexts.append(tls)
        self.note_change()
        if self.unreachable is not None:
            raise ConnectFailed(endpoint.host, endpoint.port, "connect", self.unreachable, "start the broker")
        ours, theirs = memory_pair(asyncio.get_running_loop())
        ours.start(_Connection(self, ours))
        return theirs

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to happen here until `condition` holds. Raises what went wrong in the broker."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()
            if self.failure is not None:
                raise self.failure

    def note_change(self) -> None:
        self._changed.set()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message with QoS 1 to every connected client that subscribed."""
        for client_id, filters in self.sessions.items():
            if ("#" in filters or topic in filters) and client_id in self.live:
                self.live[client_id].publish(topic, payload)

    def release(self) -> None:
        """Answer what was held, and hold no more."""
        self.holds_pubacks = False
        for connection in list(self.live.values()):
            connection.acknowledge_held()

    def disconnect(self, client_id: str, reason_code: mqtt5.DisconnectReasonCode) -> None:
        """End a connection with a reason."""
        self.live[client_id].end(reason_code)


class _Connection:
    def __init__(self, broker: MemoryBroker, stream: Stream) -> None:
        self.broker = broker
        self.stream = stream
        self.client_id = ""
        self.rest = b""
        self.packet_id = 0
        self.held: list[int] = []

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while self.rest:
            try:
                packet, length = mqtt5.read(memoryview(self.rest))
            except IndexError:
                break
            self.rest = self.rest[length:]
            try:
                self.handle(packet)
            except Exception as error:  # told to the test, which waits
                self.broker.failure = error
        self.broker.note_change()

    def stream_closed(self, error: Exception | None) -> None:
        if self.broker.live.get(self.client_id) is self:
            del self.broker.live[self.client_id]
        self.broker.note_change()

    def writing_paused(self) -> None: ...

    def writing_resumed(self) -> None: ...

    def handle(self, packet: Any) -> None:
        broker = self.broker
        match packet:
            case mqtt5.ConnectPacket():
                broker.credentials.append((packet.authentication_method, packet.authentication_data))
                if broker.refusal is not None:
                    self.stream.write(mqtt5.ConnAckPacket(reason_code=broker.refusal).write())
                    self.stream.close()
                    return
                self.client_id = packet.client_id
                present = packet.client_id in broker.sessions
                broker.sessions.setdefault(packet.client_id, set())
                broker.live[packet.client_id] = self
                self.stream.write(mqtt5.ConnAckPacket(session_present=present).write())
            case mqtt5.SubscribePacket():
                broker.sessions[self.client_id] |= {item.pattern for item in packet.topic_filters}
                granted = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE for _ in packet.topic_filters]
                self.stream.write(mqtt5.SubAckPacket(packet.packet_id, granted).write())
            case mqtt5.UnsubscribePacket():
                broker.sessions[self.client_id] -= set(packet.patterns)
                codes = [mqtt5.UnsubAckReasonCode.SUCCESS for _ in packet.patterns]
                self.stream.write(mqtt5.UnsubAckPacket(packet.packet_id, codes).write())
            case mqtt5.PublishPacket():
                broker.published.append((packet.topic, bytes(packet.payload or b"")))
                if packet.packet_id is not None:
                    self.held.append(packet.packet_id)
                if not broker.holds_pubacks:
                    self.acknowledge_held()
            case mqtt5.PubAckPacket():
                broker.acknowledged.append(packet.packet_id)
            case mqtt5.AuthPacket():
                broker.credentials.append((packet.authentication_method, packet.authentication_data))
                if broker.refuses_authentication:
                    self.end(mqtt5.DisconnectReasonCode.NOT_AUTHORIZED)
                else:
                    answer = mqtt5.AuthPacket(
                        reason_code=mqtt5.AuthReasonCode.SUCCESS, authentication_method=packet.authentication_method
                    )
                    self.stream.write(answer.write())
            case mqtt5.PingReqPacket():
                self.stream.write(mqtt5.PingRespPacket().write())
            case mqtt5.DisconnectPacket():
                if packet.session_expiry_interval == 0:
                    broker.sessions.pop(self.client_id, None)

    def acknowledge_held(self) -> None:
        for packet_id in self.held:
            self.stream.write(mqtt5.PubAckPacket(packet_id).write())
        self.held.clear()

    def publish(self, topic: str, payload: bytes) -> None:
        self.packet_id += 1
        packet = mqtt5.PublishPacket(topic, payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self.packet_id)
        self.stream.write(packet.write())

    def end(self, reason_code: mqtt5.DisconnectReasonCode) -> None:
        self.stream.write(mqtt5.DisconnectPacket(reason_code=reason_code).write())
        self.stream.close()
