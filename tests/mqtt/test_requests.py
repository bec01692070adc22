"""SUBSCRIBE and UNSUBSCRIBE, and what may answer them."""

import mqtt5
import pytest

from tidegate.exceptions import ProtocolViolation
from tidegate.mqtt.client_settings import Subscription
from tidegate.mqtt.packet_ids import PacketIds
from tidegate.mqtt.packets import (
    RetainHandling,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubAckReasonCode,
)
from tidegate.mqtt.requests import Requests

GRANTED = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
REFUSED = SubAckReasonCode.NOT_AUTHORIZED


def test_each_filter_gets_its_code_and_the_packet_id_is_free_again() -> None:
    packet_ids = PacketIds()
    requests = Requests(packet_ids)
    requests.subscribe([Subscription("a", 1), Subscription("b/#", 0)])
    assert (len(requests), len(packet_ids)) == (1, 1)
    assert requests.answer(SubAckPacket(1, [GRANTED, REFUSED])) == (("a", 1), ("b/#", 0x87))
    assert (len(requests), len(packet_ids)) == (0, 0)


def test_an_unsubscribe_is_answered_by_unsuback_alone() -> None:
    requests = Requests(PacketIds())
    requests.unsubscribe(["a"])
    with pytest.raises(ProtocolViolation, match="SUBACK for packet identifier 1, which nothing asked"):
        requests.answer(SubAckPacket(1, [GRANTED]))
    assert requests.answer(UnsubAckPacket(1, [UnsubAckReasonCode.SUCCESS])) == (("a", 0),)


def test_mqtt_3_8_4_6_one_code_for_each_filter() -> None:
    requests = Requests(PacketIds())
    requests.subscribe([Subscription("a", 1), Subscription("b", 1)])
    with pytest.raises(ProtocolViolation, match="SUBACK with 1 reason codes for 2 filters"):
        requests.answer(SubAckPacket(1, [GRANTED]))


def test_what_was_asked_dies_with_the_connection() -> None:
    packet_ids = PacketIds()
    requests = Requests(packet_ids)
    requests.subscribe([Subscription("a", 1)])
    requests.unsubscribe(["b"])
    requests.forget()
    assert (len(requests), len(packet_ids)) == (0, 0)


def test_stored_messages_are_sent_to_a_new_subscription_unless_they_are_not_wanted() -> None:
    requests = Requests(PacketIds())
    wanted = [Subscription("a", 1), Subscription("b", 0, wants_retained=False)]
    packet, _ = mqtt5.read(memoryview(requests.subscribe(wanted)))
    assert isinstance(packet, SubscribePacket)
    assert [each.retain_handling for each in packet.topic_filters] == [
        RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
        RetainHandling.SEND_NEVER,
    ]
