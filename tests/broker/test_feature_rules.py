"""What a broker that offers less than all of MQTT says to clients that ask for more."""

import mqtt5
import pytest
from mqtt5 import (
    AuthPacket,
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    PubAckPacket,
    QoS,
    UnsubscribePacket,
    Will,
)
from tests.broker_play import BrokerPlay, puback, publish, subscribe, subscription
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.features import BrokerFeatures
from tidegate.broker.identity import Accepted, Identity
from tidegate.broker.limits import BrokerLimits

NONE = BrokerFeatures(
    maximum_qos=1,
    retain=False,
    shared_subscriptions=False,
    subscription_identifiers=False,
    version_3=False,
    user_properties_outside_publish=False,
    hands_over_sessions=False,
    sessions_per_subject_max=2,
)
PROPERTIES = [("name", "value")]


def bare() -> BrokerPlay:
    return BrokerPlay(BrokerLimits(features=NONE))


def test_what_is_not_offered_is_announced() -> None:
    connack = bare().connect().connack
    assert connack is not None
    assert int(connack.max_qos) == 1
    assert not connack.retain_available
    assert not connack.shared_subscription_available
    assert not connack.subscription_id_available


def test_a_client_of_the_older_version_is_refused_in_its_own_words() -> None:
    client = bare().client()
    client.send(raw_packet(0x10, text("MQTT") + b"\x04\x02\x00\x3c" + text("old")))
    assert client.raw() == b"\x20\x02\x00\x01"
    assert client.connection.wants_close


@pytest.mark.parametrize(
    ("packet", "reason_code"),
    [
        (ConnectPacket("one", will=Will(topic="t", payload=b"", qos=QoS.EXACTLY_ONCE)), 0x9B),
        (ConnectPacket("one", will=Will(topic="t", payload=b"", retain=True)), 0x9A),
        (ConnectPacket("one", user_properties=PROPERTIES), 0x83),
    ],
    ids=["will of QoS 2", "retained will", "user properties"],
)
def test_a_connect_that_asks_for_more(packet: ConnectPacket, reason_code: int) -> None:
    bare().client().send(packet).expect_refused(reason_code)
    assert isinstance(BrokerPlay().client().send(packet).said()[0], ConnAckPacket)


@pytest.mark.parametrize(
    ("packet", "reason_code"),
    [
        (publish("t", b"", qos=2, packet_id=1), 0x9B),
        (publish("t", b"", retain=True), 0x9A),
        (subscribe(1, subscription("$share/group/t")), 0x9E),
        (subscribe(1, subscription("t"), identifier=7), 0xA1),
        (UnsubscribePacket(1, ["t"], user_properties=PROPERTIES), 0x83),
        (PubAckPacket(1, user_properties=PROPERTIES), 0x83),
    ],
    ids=["QoS 2", "retain", "shared", "identifier", "UNSUBSCRIBE with properties", "PUBACK with properties"],
)
def test_a_packet_that_asks_for_more(
    packet: DisconnectPacket | UnsubscribePacket | PubAckPacket | AuthPacket, reason_code: int
) -> None:
    bare().connect().send(packet).expect_closed(reason_code)
    assert not BrokerPlay().connect().send(packet).connection.wants_close


def test_user_properties_of_messages_are_for_everyone() -> None:
    client = bare().connect().subscribe("t", 1)
    client.send(publish("t", b"", user_properties=PROPERTIES)).expect(publish("t", b"", user_properties=PROPERTIES))


GUARDED = ListenerPolicy(needs_authentication=True)


def come(play: BrokerPlay, client_id: str, subject: str) -> int:
    client = play.client(GUARDED).send(ConnectPacket(client_id, session_expiry_interval=60))
    play.decide(Accepted(Identity(client_id, subject)))
    said = client.said()[0]
    assert isinstance(said, ConnAckPacket)
    return int(said.reason_code)


def test_somebody_elses_client_identifier_is_refused() -> None:
    play = bare()
    assert come(play, "bridge", "site-1") == 0
    assert come(play, "bridge", "site-2") == 0x87
    assert come(play, "bridge", "site-1") == 0


def test_a_subject_has_so_many_sessions() -> None:
    play = bare()
    assert [come(play, client_id, "site-1") for client_id in ("a", "b", "c", "a")] == [0, 0, 0x97, 0]
    assert come(play, "c", "site-2") == 0


def test_a_session_may_publish_so_many_messages_in_a_second() -> None:
    play = BrokerPlay(BrokerLimits(features=BrokerFeatures(messages_per_second_max=2)))
    subscriber = play.connect("subscriber").subscribe("#", 1)
    client = play.connect("one")
    client.send(publish("a", b"0"), publish("a", b"1"), publish("a", b"2"), publish("a", b"3", qos=1, packet_id=3))
    client.expect(puback(3, 0x97))
    assert play.broker.statistics.dropped == {"throttled": 1}
    # Each session has a rate of its own.
    play.connect("two").send(publish("a", b"4", qos=1, packet_id=4)).expect(puback(4))
    play.advance(1)
    client.send(publish("a", b"5", qos=1, packet_id=5)).expect(puback(5))
    received = [each.payload for each in subscriber.said() if isinstance(each, mqtt5.PublishPacket)]
    assert received == [b"0", b"1", b"4", b"5"]
