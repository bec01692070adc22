"""What clients publish."""

import mqtt5
from tests.broker_play import BrokerPlay, puback, pubcomp, publish, pubrec, pubrel
from tests.mqtt.wire import raw_packet, text

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule


def test_qos_2_from_a_client_is_taken_once() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a", 0)
    client = play.connect("one", session_expiry_interval=100)
    client.send(publish("a", b"x", qos=2, packet_id=5)).expect(pubrec(5))
    client.cut()
    again = play.connect("one", session_expiry_interval=100)
    again.send(publish("a", b"x", qos=2, packet_id=5, duplicate=True)).expect(pubrec(5))
    again.send(pubrel(5)).expect(pubcomp(5))
    again.send(publish("a", b"y", qos=2, packet_id=5)).expect(pubrec(5))
    subscriber.expect(publish("a", b"x"), publish("a", b"y"))
    again.send(pubrel(6)).expect(mqtt5.PubCompPacket(6, reason_code=mqtt5.PubCompReasonCode.PACKET_ID_NOT_FOUND))


def test_failure_14_a_stale_qos_2_identifier_does_not_stop_a_qos_1_message() -> None:
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("a", 0)
    client = play.connect("one").send(publish("a", b"x", qos=2, packet_id=5))
    client.said()
    client.send(publish("a", b"y", qos=1, packet_id=5)).expect(puback(5))
    subscriber.expect(publish("a", b"x"), publish("a", b"y"))


def test_acknowledgements_wait_for_the_commit_and_keep_their_order() -> None:
    play = BrokerPlay(commits=False)
    client = play.client().send(mqtt5.ConnectPacket("durable", session_expiry_interval=100))
    play.commit()
    client.said()
    client.send(mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("a", max_qos=mqtt5.QoS.AT_LEAST_ONCE)]))
    client.expect()
    play.commit()
    client.said()
    play.broker.connection_lost(client.connection, play.now)
    play.commit()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"x", qos=1, packet_id=1)).expect()
    publisher.send(publish("nobody", b"y", qos=1, packet_id=2)).expect()
    play.commit()
    publisher.expect(puback(1), puback(2, 0x10))
    publisher.send(publish("nobody", b"y", qos=1, packet_id=3)).expect(puback(3, 0x10))


def test_retained_is_set_replaced_and_removed() -> None:
    play = BrokerPlay()
    publisher = play.connect("publisher")
    publisher.send(publish("a", b"1", retain=True), publish("a", b"2", retain=True))
    play.connect("one").subscribe("a", 0).expect(publish("a", b"2", retain=True))
    publisher.send(publish("a", retain=True))
    play.connect("two").subscribe("a", 0).expect()


def test_a_retained_message_is_on_disk_before_its_puback() -> None:
    play = BrokerPlay(commits=False)
    client = play.connect()
    client.send(publish("a", b"1", qos=1, packet_id=1, retain=True)).expect()
    play.commit()
    client.expect(puback(1, 0x10))
    assert play.batches[-1].retained["a"] is not None


def test_limits_of_retained_messages() -> None:
    play = BrokerPlay(BrokerLimits(retained_messages_max=1))
    client = play.connect()
    client.send(publish("a", b"1", qos=1, packet_id=1, retain=True)).expect(puback(1, 0x10))
    client.send(publish("b", b"1", qos=1, packet_id=2, retain=True)).expect(puback(2, 0x97))
    client.send(publish("a", b"2", qos=1, packet_id=3, retain=True)).expect(puback(3, 0x10))


def test_who_may_not_publish_is_told_where_mqtt_can() -> None:
    rules = AccessRules((AccessRule(client_ids=frozenset({"one"}), may_connect=True, publish=("ok",)),))
    play = BrokerPlay()
    subscriber = play.connect("subscriber").subscribe("#", 0)
    client = play.connect("one", ListenerPolicy(rules=rules))
    client.send(publish("no", b"0"), publish("no", b"1", qos=1, packet_id=1), publish("no", b"2", qos=2, packet_id=2))
    said = client.said()
    assert [int(each.reason_code) for each in said] == [0x87, 0x87]  # type: ignore[union-attr]
    client.send(publish("ok", b"3"))
    subscriber.expect(publish("ok", b"3"))
    client.send(publish("$SYS/broker/x", b"", qos=1, packet_id=3)).expect(puback(3, 0x87))


def test_longest_message_expiry() -> None:
    play = BrokerPlay(BrokerLimits(message_expiry_seconds_max=30))
    subscriber = play.connect("subscriber").subscribe("a", 0)
    play.connect("one").send(publish("a", b"x"), publish("a", b"y", message_expiry_interval=10))
    subscriber.expect(publish("a", b"x", message_expiry_interval=30), publish("a", b"y", message_expiry_interval=10))


def test_a_3_1_1_publisher_waits_for_room_and_goes_on() -> None:
    play = BrokerPlay(BrokerLimits(queued_messages_max=1))
    play.connect("slow", session_expiry_interval=100).subscribe("a", 1).leave()
    old = play.client().send(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03old")
    assert old.raw() == b"\x20\x02\x00\x00"
    one, two, three = (b"\x32\x06\x00\x01a\x00" + bytes((number,)) + b"x" for number in (1, 2, 3))
    old.send(one + two + three)
    assert old.raw() == b"\x40\x02\x00\x01"
    waited = not old.connection.wants_reading
    slow = play.connect("slow", session_expiry_interval=100)
    assert len(slow.said()) == 1
    slow.send(puback(1))
    assert waited and old.connection.wants_reading
    play.broker.resume_reading(old.connection, play.now)
    play.settle()
    assert old.raw() == b"\x40\x02\x00\x02\x40\x02\x00\x03"
    assert len(slow.said()) == 2


def test_a_client_of_mqtt_3_1_1_knows_no_receive_maximum() -> None:
    client = BrokerPlay(BrokerLimits(receive_maximum=2)).connect_3_1_1()
    client.send(*(raw_packet(0x32, text("a") + number.to_bytes(2)) for number in range(1, 6)))
    client.expect_bytes(*(raw_packet(0x40, number.to_bytes(2)) for number in range(1, 6)))
    client.send(*(raw_packet(0x34, text("a") + number.to_bytes(2)) for number in range(1, 6)))
    client.expect_bytes(*(raw_packet(0x50, number.to_bytes(2)) for number in range(1, 6)))
