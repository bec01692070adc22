"""How others lost messages, as far as a client alone can: the numbered cases of the facts on failures."""

import pytest
from tests.mqtt.conversation import Conversation, connected, message, settled
from tests.mqtt.wire import publish, raw_packet

from tidegate.message import Message
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionClosing, MessageReceived
from tidegate.mqtt.packets import (
    ConnAckPacket,
    Packet,
    PingReqPacket,
    PubAckPacket,
    PubCompPacket,
    PublishPacket,
    PubRecPacket,
    PubRelPacket,
    SubAckPacket,
    SubAckReasonCode,
    UnsubAckPacket,
    UnsubAckReasonCode,
)
from tidegate.mqtt.session import Session

GRANTED = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE


def test_failure_14_70_000_messages_pass_one_id_that_is_never_acknowledged() -> None:
    conversation = connected()
    client = conversation.client
    stuck: int | None = None
    for number in range(70_000):
        client.publish(Message("plant/line", b"", 1), f"{number}")
        packet_id = int.from_bytes(conversation.sent_bytes()[14:16])
        assert packet_id != stuck
        if number == 30_000:
            stuck = packet_id
            continue
        assert settled(conversation.receive(PubAckPacket(packet_id))) == [(f"{number}", 0)]
    assert stuck == 30_001
    assert conversation.session.inflight.tokens() == ["30000"]
    assert client.room == 99


def test_failure_14_ids_wrap_to_1_and_never_are_0() -> None:
    conversation = connected()
    for _ in range(65_535):
        conversation.session.packet_ids.release(conversation.session.packet_ids.allocate())
    conversation.client.publish(message(), "one")
    assert conversation.sent_only(PublishPacket)[0].packet_id == 1


def test_failure_14_qos_2_ids_are_forgotten_with_a_lost_session() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.receive(publish(0x34, packet_id=1))
    first.client.acknowledge(1)
    first.lose()
    second = connected(session)
    assert len(second.receive(publish(0x34, packet_id=1))) == 1


def test_failure_14_a_stale_qos_2_id_that_comes_again_with_qos_1_wedges_nothing() -> None:
    conversation = connected()
    conversation.receive(publish(0x34, packet_id=1, payload=b"a"))
    conversation.client.acknowledge(1)
    [event] = conversation.receive(publish(0x32, packet_id=1, payload=b"b"))
    assert isinstance(event, MessageReceived)
    conversation.client.acknowledge(1)
    assert conversation.sent() == [PubRecPacket(1), PubAckPacket(1)]
    [event] = conversation.receive(publish(0x34, packet_id=1, payload=b"c"))
    assert isinstance(event, MessageReceived)
    assert event.message.payload == b"c"


def test_failure_14_a_stale_pubrel_is_answered_and_wedges_nothing() -> None:
    conversation = connected()
    conversation.receive(PubRelPacket(77))
    [pubcomp] = conversation.sent_only(PubCompPacket)
    assert (pubcomp.packet_id, int(pubcomp.reason_code)) == (77, 0x92)
    assert not conversation.client.is_closing


def test_failure_15_a_resend_of_a_whole_window_is_quick_where_the_new_window_is_small() -> None:
    """Each PUBACK finds its place at once, though 20,000 messages still wait to be resent."""
    settings = ClientSettings(receive_maximum=20_000)
    session: Session[str] = Session("client")
    first = connected(session, settings)
    for number in range(20_000):
        first.client.publish(Message("plant/line", b"", 1), f"{number}")
    first.lose()
    second = connected(session, settings, ConnAckPacket(session_present=True, receive_max=1))
    for packet_id in range(1, 20_001):
        assert settled(second.receive(PubAckPacket(packet_id))) == [(f"{packet_id - 1}", 0)]
    assert second.client.room == 1


def test_failure_16_a_receive_maximum_that_has_grown_is_used() -> None:
    session: Session[str] = Session("client")
    first = connected(session, connack=ConnAckPacket(receive_max=2))
    for number in range(2):
        first.client.publish(message(number), f"{number}")
    assert first.client.room == 0
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True, receive_max=5))
    assert len(second.sent_only(PublishPacket)) == 2
    assert second.client.room == 3


def test_failure_28_a_ping_is_sent_while_only_the_server_sends() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    for _ in range(3):
        for _ in range(10):
            conversation.receive(publish())
            assert conversation.wait(1) == []
        assert conversation.sent_only(PingReqPacket) == [PingReqPacket()]
        conversation.receive(raw_packet(0xD0))


def test_failure_28_a_ping_is_sent_while_only_we_send_so_that_a_dead_server_is_found() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    for _ in range(9):
        conversation.client.publish(message(qos=0), "zero")
        conversation.sent_bytes()
        assert conversation.wait(1) == []
    conversation.wait(1)
    assert PingReqPacket() in conversation.sent()
    assert len(conversation.wait(5)) == 1


def test_failure_28_no_two_packets_are_further_apart_than_the_keep_alive() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    last_sent = conversation.now.monotonic
    for step in range(300):
        if step % 37 == 5:
            conversation.client.publish(message(qos=0), "zero")
        if conversation.sent_bytes():
            last_sent = conversation.now.monotonic
            conversation.receive(raw_packet(0xD0))
        assert conversation.now.monotonic - last_sent <= 10
        assert conversation.wait(1) == []


def test_failure_28_traffic_both_ways_needs_no_ping() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=10))
    for _ in range(100):
        conversation.client.publish(message(qos=0), "zero")
        conversation.receive(publish())
        conversation.sent_only(PublishPacket)
        conversation.wait(1)


@pytest.mark.parametrize(
    ("settings", "connack"),
    [
        (ClientSettings(keep_alive_seconds=0), ConnAckPacket()),
        (ClientSettings(keep_alive_seconds=10), ConnAckPacket(server_keep_alive=0)),
    ],
)
def test_failure_28_a_keep_alive_of_0_sends_no_ping_and_ends_nothing(
    settings: ClientSettings, connack: ConnAckPacket
) -> None:
    conversation = connected(settings=settings, connack=connack)
    assert conversation.client.next_timeout() is None
    assert conversation.wait(1_000_000) == []
    assert conversation.sent_bytes() == b""


def test_failure_28_a_servers_keep_alive_turns_on_what_we_had_turned_off() -> None:
    conversation = connected(settings=ClientSettings(keep_alive_seconds=0), connack=ConnAckPacket(server_keep_alive=5))
    conversation.wait(5)
    assert conversation.sent_only(PingReqPacket) == [PingReqPacket()]


UNSOLICITED: list[tuple[str, Packet]] = [
    ("PUBACK for packet identifier 9, which is not in flight", PubAckPacket(9)),
    ("PUBREC for packet identifier 1, which is not in flight with QoS 2", PubRecPacket(1)),
    ("PUBCOMP for packet identifier 1, which was not released", PubCompPacket(1)),
    ("SUBACK for packet identifier 9, which nothing asked", SubAckPacket(9, [GRANTED])),
    ("SUBACK for packet identifier 1, which nothing asked", SubAckPacket(1, [GRANTED])),
    ("UNSUBACK for packet identifier 9, which nothing asked", UnsubAckPacket(9, [UnsubAckReasonCode.SUCCESS])),
    ("UNSUBACK for packet identifier 2, which nothing asked", UnsubAckPacket(2, [UnsubAckReasonCode.SUCCESS])),
    ("PUBACK for packet identifier 2, which is not in flight", PubAckPacket(2)),
    ("SUBACK with 0 reason codes for 1 filters [MQTT-3.8.4-6]", SubAckPacket(2, [])),
    ("CONNACK while connected", ConnAckPacket()),
]


@pytest.mark.parametrize(("detail", "packet"), UNSOLICITED, ids=[detail for detail, _ in UNSOLICITED])
def test_failure_33_an_unsolicited_acknowledgement_ends_the_connection_with_0x82(detail: str, packet: Packet) -> None:
    """Packet id 1 is of a PUBLISH, 2 of a SUBSCRIBE."""
    conversation = connected()
    conversation.client.publish(message(), "one")
    conversation.client.subscribe([Subscription("a", 1)], conversation.now)
    conversation.sent_bytes()
    closing = conversation.refused(packet)
    assert (closing.reason_code, closing.detail) == (0x82, detail)
    assert conversation.sent_bytes() == b"\xe0\x01\x82"
    assert conversation.session.inflight.tokens() == ["one"]


def test_failure_33_a_duplicate_puback_is_unsolicited() -> None:
    conversation = connected()
    conversation.client.publish(message(), "one")
    *answers, closing = conversation.receive(PubAckPacket(1), PubAckPacket(1))
    assert settled(answers) == [("one", 0)]
    assert isinstance(closing, ConnectionClosing)
    assert closing.reason_code == 0x82


def test_failure_33_a_puback_for_what_has_not_been_resent_yet_is_unsolicited() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    for number in range(2):
        first.client.publish(message(number), f"{number}")
    first.lose()
    second = connected(session, connack=ConnAckPacket(session_present=True, receive_max=1))
    assert second.refused(PubAckPacket(2)).reason_code == 0x82
    assert session.inflight.tokens() == ["0", "1"]


def test_failure_33_an_acknowledgement_of_an_earlier_connection_is_unsolicited_in_a_new_session() -> None:
    session: Session[str] = Session("client")
    first = connected(session)
    first.client.publish(message(), "one")
    first.lose()
    assert connected(session).refused(PubAckPacket(1)).reason_code == 0x82


def test_failure_33_an_unsolicited_pingresp_is_harmless() -> None:
    conversation = Conversation()
    conversation.receive(ConnAckPacket(), raw_packet(0xD0))
    assert conversation.client.is_connected
