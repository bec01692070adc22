"""Messages in flight, in the order in which they were first sent."""

from tests.mqtt.conversation import message

from tidegate.mqtt.inflight import Inflight


def filled() -> Inflight[str]:
    """Return three messages in flight, sent in the order 9, 2, 5."""
    inflight: Inflight[str] = Inflight()
    for packet_id in (9, 2, 5):
        inflight.add(packet_id, message(packet_id), f"token {packet_id}")
    return inflight


def test_the_order_is_that_of_sending() -> None:
    inflight = filled()
    assert inflight.packet_ids() == [9, 2, 5]
    assert inflight.tokens() == ["token 9", "token 2", "token 5"]
    assert inflight.first() == "token 9"
    assert inflight.message(2) == message(2)


def test_settling_takes_out_once() -> None:
    inflight = filled()
    assert inflight.settle(9) == "token 9"
    assert inflight.settle(9) is None
    assert inflight.first() == "token 2"
    assert len(inflight) == 2


def test_nothing_is_in_flight_at_first_and_after_clearing() -> None:
    inflight = filled()
    inflight.clear()
    for empty in (inflight, Inflight[str]()):
        assert len(empty) == 0
        assert empty.first() is None
        assert empty.packet_ids() == []
        assert empty.tokens() == []
