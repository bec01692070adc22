"""What survives a Network Connection, and what a lost session takes with it."""

from tests.mqtt.conversation import message

from tidegate.mqtt.session import Session


def test_a_reset_returns_what_was_in_flight_in_order_and_forgets_everything() -> None:
    session: Session[str] = Session("tidegate-flow-0-source")
    for number in range(3):
        session.inflight.add(session.packet_ids.next_free(), message(number), f"token {number}")
    session.received_qos2.add(7)
    assert session.reset() == ["token 0", "token 1", "token 2"]
    assert len(session.inflight) == len(session.packet_ids) == len(session.received_qos2) == 0
    assert session.packet_ids.next_free() == 1


def test_the_set_of_received_qos_2_identifiers_stays_the_same_object() -> None:
    session: Session[str] = Session("tidegate-flow-0-source")
    shared_with_the_window = session.received_qos2
    session.reset()
    assert session.received_qos2 is shared_with_the_window


def test_a_session_starts_unconfirmed() -> None:
    session: Session[str] = Session("tidegate-flow-0-source")
    assert session.client_id == "tidegate-flow-0-source"
    assert not session.is_established
