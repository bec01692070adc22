"""The relay without sockets: bytes in on one side, bytes out on the other, PUBACKs back, in this process."""

import time

from mqtt5 import ConnAckPacket, SubAckPacket, SubAckReasonCode, SubscribePacket, read

from benchmarks.wire import FILTER, WINDOW, Acknowledgements, PublishBatch, Publishes
from tidegate.engine.identifiers import new_ids
from tidegate.flow.events import Side
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, FlowPlan, SidePlan
from tidegate.flow.relay import Relay
from tidegate.moment import Moment
from tidegate.transform.spec import TransformSpec

__all__ = ["READ_MESSAGES", "pure_microseconds"]

READ_MESSAGES = 64
"""Messages in one read, about what a busy broker's socket holds when it is read."""


PASSED_THROUGH = TransformSpec(topic_template="${inputTopic}")


def pure_microseconds(count: int, payload: bytes | None = None, transform: TransformSpec = PASSED_THROUGH) -> float:
    """Move at least `count` messages through a relay and return the processor time of each, in microseconds.

    Without a payload they have 256 bytes that mean nothing.
    """
    now = Moment(0.0, 0.0)
    relay = Relay(_plan(transform), new_id=new_ids())
    for side in (Side.SOURCE, Side.DESTINATION):
        relay.connection_made(side, now)
        relay.receive_data(side, ConnAckPacket(receive_max=WINDOW).write(), now)
    _grant(relay, now)
    relay.data_to_send(Side.DESTINATION, now)
    batch = PublishBatch(1, 256, count_max=READ_MESSAGES, payload=payload)
    publishes = Publishes()
    acknowledgements = Acknowledgements()
    moved = spent_ns = 0
    while moved < count:
        data = bytes(batch.encode(READ_MESSAGES))
        start_ns = time.process_time_ns()
        relay.receive_data(Side.SOURCE, data, now)
        published = b"".join(relay.data_to_send(Side.DESTINATION, now))
        relay.take_events()
        spent_ns += time.process_time_ns() - start_ns
        pubacks = publishes.feed(published).pubacks
        start_ns = time.process_time_ns()
        relay.receive_data(Side.DESTINATION, pubacks, now)
        acknowledged = b"".join(relay.data_to_send(Side.SOURCE, now))
        relay.take_events()
        spent_ns += time.process_time_ns() - start_ns
        if acknowledgements.feed(acknowledged) != READ_MESSAGES:
            raise RuntimeError("the relay did not acknowledge what it was given")
        moved += READ_MESSAGES
    relay.check_accounting()
    return spent_ns / moved / 1000


def _grant(relay: Relay, now: Moment) -> None:
    """Answer the relay's SUBSCRIBE, which follows its CONNECT."""
    data = memoryview(b"".join(relay.data_to_send(Side.SOURCE, now)))
    while data:
        packet, length = read(data)
        data = data[length:]
        if isinstance(packet, SubscribePacket):
            codes = [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(packet.topic_filters)
            relay.receive_data(Side.SOURCE, SubAckPacket(packet.packet_id, codes).write(), now)


def _plan(transform: TransformSpec) -> FlowPlan:
    def side(name: str) -> SidePlan:
        endpoint = EndpointPlan(
            name=name,
            host="localhost",
            port=1883,
            transport="tcp",
            path="",
            tls=None,
            authentication=AnonymousPlan(),
            service_type="Custom MQTT Broker",
        )
        return SidePlan(
            endpoint=endpoint,
            client_id=f"bench-{name}",
            qos=1,
            keep_alive_seconds=60,
            session_expiry_seconds=600,
            receive_maximum=WINDOW,
        )

    return FlowPlan(
        name="bench",
        profile="default",
        ordinal=0,
        source=side("source"),
        destination=side("destination"),
        topic_filters=(FILTER,),
        retain_mode="Keep",
        transform=transform,
        stall_seconds=60.0,
        stall_seconds_max=900.0,
        qos0_pending_bytes_max=16 * 1024 * 1024,
        packet_bytes_max=None,
        on_rejected=None,
    )
