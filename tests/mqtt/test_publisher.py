"""The publishing half of a connection by itself; `test_client.py` has it on the wire."""

import pytest
from mqtt5 import PubRecReasonCode

from tidegate.exceptions import LocalViolation, ProtocolViolation
from tidegate.message import Message
from tidegate.mqtt.events import Event, PublishesAccepted, PublishReceived, PublishRefused, PublishSettled
from tidegate.mqtt.packets import PubAckPacket, PubAckReasonCode, PubAckRun, PubCompPacket, PubRecPacket
from tidegate.mqtt.publisher import Publisher
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.mqtt.session import Session


def test_the_quota_is_the_smaller_of_both_windows_and_comes_back_with_the_answers() -> None:
    publisher, _, _ = begun(ServerLimits(receive_maximum=2), inflight_maximum=10)
    publisher.publish(message(), "one")
    publisher.publish(message(), "two")
    assert publisher.room == 0
    with pytest.raises(AssertionError, match="no room"):
        publisher.publish(message(), "three")
    events: list[Event[str]] = []
    publisher.handle_puback_run(PubAckRun((1, 2)), events)
    assert events == [PublishesAccepted(["one", "two"])]
    assert publisher.room == 2


def test_a_wrong_id_in_a_run_keeps_what_came_before_it() -> None:
    publisher, _, _ = begun()
    publisher.publish(message(), "one")
    events: list[Event[str]] = []
    with pytest.raises(ProtocolViolation, match="packet identifier 9, which is not in flight"):
        publisher.handle_puback_run(PubAckRun((1, 9)), events)
    assert events == [PublishesAccepted(["one"])]


def test_a_refusal_carries_its_code_and_reason() -> None:
    publisher, _, _ = begun()
    publisher.publish(message(), "one")
    events: list[Event[str]] = []
    publisher.handle_puback(PubAckPacket(1, reason_code=PubAckReasonCode.QUOTA_EXCEEDED, reason_str="full"), events)
    assert events == [PublishSettled("one", 0x97, "full")]


def test_what_the_limits_forbid_leaves_nothing_behind() -> None:
    publisher, session, output = begun(ServerLimits(packet_bytes_max=20))
    with pytest.raises(LocalViolation, match="the server takes 20"):
        publisher.publish(message(b"x" * 50), "big")
    assert (len(session.inflight), len(session.packet_ids), output) == (0, 0, [])


def test_nothing_new_leaves_before_all_resends() -> None:
    first, session, _ = begun()
    for token in ("one", "two", "three"):
        first.publish(message(), token)
    output: list[bytes] = []
    second = Publisher(session, output)
    assert second.begin(ServerLimits(receive_maximum=2), 10) == 3
    assert second.room == 0
    events: list[Event[str]] = []
    second.resend(events)
    assert [data[0] & 0x08 for data in output] == [8, 8], "DUP, and no more than the Receive Maximum"
    second.handle_puback_run(PubAckRun((1,)), events)
    assert len(output) == 3
    second.handle_puback_run(PubAckRun((2, 3)), events)
    assert second.room == 2


def test_a_resend_that_the_new_limits_forbid_is_given_back() -> None:
    first, session, _ = begun()
    first.publish(message(retain=True), "kept")
    second = Publisher(session, [])
    second.begin(ServerLimits(retain_available=False), 10)
    events: list[Event[str]] = []
    second.resend(events)
    assert events == [PublishRefused("kept", 0x9A, "the server takes no retained messages [MQTT-3.2.2-14]")]
    assert len(session.inflight) == 0


def test_mqtt_4_3_3_1_qos_2_is_publish_pubrec_pubrel_pubcomp_and_gives_the_quota_back_last() -> None:
    publisher, session, output = begun(ServerLimits(receive_maximum=1))
    events: list[Event[str]] = []
    publisher.publish(Message("a/b", b"x", 2), "one")
    assert publisher.room == 0
    publisher.handle_pubrec(PubRecPacket(1), events)
    assert (output[1:], events, publisher.room) == ([b"\x62\x02\x00\x01"], [PublishReceived("one")], 0)
    events.clear()
    publisher.handle_pubcomp(PubCompPacket(1), events)
    assert (events, publisher.room, len(session.packet_ids)) == ([PublishSettled("one", 0, None)], 1, 0)
    with pytest.raises(ProtocolViolation, match="PUBCOMP for packet identifier 1"):
        publisher.handle_pubcomp(PubCompPacket(1), events)


def test_mqtt_4_3_3_4_a_pubrec_that_refuses_ends_the_exchange() -> None:
    publisher, session, output = begun()
    events: list[Event[str]] = []
    publisher.publish(Message("a/b", b"x", 2), "one")
    publisher.handle_pubrec(PubRecPacket(1, reason_code=PubRecReasonCode.QUOTA_EXCEEDED, reason_str="full"), events)
    assert (events, len(output), len(session.packet_ids)) == ([PublishSettled("one", 0x97, "full")], 1, 0)


def test_a_puback_does_not_settle_qos_2_nor_a_pubrec_qos_1() -> None:
    publisher, _, _ = begun()
    publisher.publish(Message("a/b", b"x", 2), "two")
    publisher.publish(message(), "one")
    with pytest.raises(ProtocolViolation, match="PUBACK for packet identifier 1"):
        publisher.handle_puback(PubAckPacket(1), [])
    with pytest.raises(ProtocolViolation, match="PUBREC for packet identifier 2"):
        publisher.handle_pubrec(PubRecPacket(2), [])


def begun(
    limits: ServerLimits | None = None, inflight_maximum: int = 100
) -> tuple[Publisher[str], Session[str], list[bytes]]:
    session: Session[str] = Session("client")
    output: list[bytes] = []
    publisher = Publisher(session, output)
    publisher.begin(limits or ServerLimits(), inflight_maximum)
    return publisher, session, output


def message(payload: bytes = b"x", retain: bool = False) -> Message:
    return Message("a/b", payload, 1, retain)
