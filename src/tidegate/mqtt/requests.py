"""CONNECT, and SUBSCRIBE and UNSUBSCRIBE packets that wait for their answer (sections 3.1 and 3.8 to 3.11).

Knows what was asked and which packet may answer it. Does not know timers or what the answer means to the owner.
"""

from collections.abc import Sequence

from tidegate.exceptions import ProtocolViolation
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.packet_ids import PacketIds
from tidegate.mqtt.packets import (
    ConnectPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubscribePacket,
)

__all__ = ["Requests", "encode_connect"]

_QOS = (QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.EXACTLY_ONCE)


class Requests:
    """What was asked and not answered yet; `packet_ids` are the session's."""

    def __init__(self, packet_ids: PacketIds) -> None:
        self._packet_ids = packet_ids
        self._asked: dict[int, tuple[type[SubAckPacket | UnsubAckPacket], tuple[str, ...]]] = {}

    def __len__(self) -> int:
        return len(self._asked)

    def subscribe(self, subscriptions: Sequence[Subscription]) -> bytes:
        """Return a SUBSCRIBE for all."""
        packet_id = self._ask(SubAckPacket, [subscription.topic_filter for subscription in subscriptions])
        filters = [
            TopicFilter(
                subscription.topic_filter,
                max_qos=_QOS[subscription.qos],
                retain_as_published=subscription.retain_as_published,
                retain_handling=RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
                if subscription.wants_retained
                else RetainHandling.SEND_NEVER,
            )
            for subscription in subscriptions
        ]
        return SubscribePacket(packet_id, filters).write()

    def unsubscribe(self, topic_filters: Sequence[str]) -> bytes:
        """Return an UNSUBSCRIBE for all."""
        return UnsubscribePacket(self._ask(UnsubAckPacket, topic_filters), list(topic_filters)).write()

    def answer(self, packet: SubAckPacket | UnsubAckPacket) -> tuple[tuple[str, int], ...]:
        """Return for each filter that was asked about the code of its answer.

        Raises:
            ProtocolViolation: nothing asked for this, or it has not one code for each filter [MQTT-3.8.4-6].
        """
        name = "SUBACK" if isinstance(packet, SubAckPacket) else "UNSUBACK"
        packet_id = packet.packet_id
        expected, topic_filters = self._asked.get(packet_id, (None, ()))
        if expected is not type(packet):
            raise ProtocolViolation(f"{name} for packet identifier {packet_id}, which nothing asked")
        codes = [int(code) for code in packet.reason_codes]
        if len(topic_filters) != len(codes):
            raise ProtocolViolation(
                f"{name} with {len(codes)} reason codes for {len(topic_filters)} filters [MQTT-3.8.4-6]"
            )
        del self._asked[packet_id]
        self._packet_ids.release(packet_id)
        return tuple(zip(topic_filters, codes, strict=True))

    def forget(self) -> None:
        """Give the packet ids back: what was asked dies with the connection."""
        for packet_id in self._asked:
            self._packet_ids.release(packet_id)
        self._asked.clear()

    def _ask(self, answer: type[SubAckPacket | UnsubAckPacket], topic_filters: Sequence[str]) -> int:
        packet_id = self._packet_ids.allocate()
        self._asked[packet_id] = (answer, tuple(topic_filters))
        return packet_id


def encode_connect(client_id: str, settings: ClientSettings) -> bytes:
    """Encode a CONNECT."""
    return ConnectPacket(
        client_id,
        username=settings.username,
        password=settings.password,
        clean_start=settings.clean_start,
        keep_alive=settings.keep_alive_seconds,
        session_expiry_interval=settings.session_expiry_seconds,
        receive_max=settings.receive_maximum,
        topic_alias_max=settings.topic_alias_maximum,
        max_packet_size=settings.packet_bytes_max,
        authentication_method=settings.authentication_method,
        authentication_data=settings.authentication_data,
        user_properties=list(settings.user_properties),
    ).write()
