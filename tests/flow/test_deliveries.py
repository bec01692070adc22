"""What holds deliveries: waiting, held, in flight, orphaned."""

from tidegate.flow.deliveries import Deliveries
from tidegate.flow.delivery import Delivery
from tidegate.message import Message
from tidegate.mqtt.inflight import Inflight


def made(source_window: int = 10, qos0_pending_bytes_max: int = 100) -> tuple[Deliveries, Inflight[Delivery]]:
    """Return an empty holder and the destination session's store."""
    inflight: Inflight[Delivery] = Inflight()
    return Deliveries(inflight, source_window, qos0_pending_bytes_max), inflight


def receive(deliveries: Deliveries, packet_id: int, at: float = 0.0, payload: bytes = b"x") -> Delivery:
    """Let a message wait."""
    message = Message("t/1", payload, 1 if packet_id else 0)
    deliveries.counters.received += 1
    deliveries.add(message, message, packet_id, at)
    return deliveries.waiting[-1]


def send(deliveries: Deliveries, inflight: Inflight[Delivery]) -> Delivery:
    """Send the first of those that wait."""
    delivery = deliveries.waiting.popleft()
    inflight.add(delivery.sequence, delivery.outgoing, delivery)
    return delivery


def test_pending_and_the_oldest_are_found_wherever_they_are() -> None:
    deliveries, inflight = made()
    assert (deliveries.pending(), deliveries.oldest()) == (0, None)
    held, sent, waiting = (receive(deliveries, number, float(number)) for number in (1, 2, 3))
    deliveries.waiting.popleft()
    deliveries.hold(held)
    send(deliveries, inflight)
    assert deliveries.pending() == 3
    assert deliveries.oldest() is held
    deliveries.requeue([])
    assert list(deliveries.waiting) == [held, waiting]
    assert deliveries.oldest() is held
    deliveries.waiting.popleft()
    assert deliveries.oldest() is sent


def test_qos_0_has_room_until_its_bytes_are_used_up() -> None:
    deliveries, _ = made(qos0_pending_bytes_max=5)
    first = receive(deliveries, 0, payload=b"xxx")
    assert deliveries.has_room_for(Message("t/1", b"xx"))
    assert not deliveries.has_room_for(Message("t/1", b"xxx"))
    deliveries.waiting.clear()
    assert deliveries.settle(first) == 0
    assert deliveries.has_room_for(Message("t/1", b"xxxxx"))


def test_requeue_puts_everything_in_order_of_arrival() -> None:
    deliveries, inflight = made()
    for number in range(1, 6):
        receive(deliveries, number)
    first, second = send(deliveries, inflight), send(deliveries, inflight)
    inflight.clear()
    third = deliveries.waiting.popleft()
    deliveries.hold(third)
    assert deliveries.requeue([second]) == 2
    assert [delivery.packet_id for delivery in deliveries.waiting] == [2, 3, 4, 5]
    assert deliveries.requeue([first]) == 1
    assert [delivery.packet_id for delivery in deliveries.waiting] == [1, 2, 3, 4, 5]
    assert [delivery.was_sent for delivery in deliveries.waiting] == [True, True, True, False, False]


def test_a_settlement_of_this_epoch_acknowledges_and_one_of_an_earlier_epoch_does_not() -> None:
    deliveries, _ = made()
    first, second = receive(deliveries, 1), receive(deliveries, 2)
    deliveries.waiting.clear()
    assert deliveries.settle(first) == 1
    deliveries.lose_source()
    assert deliveries.settle(second) == 0


def test_an_orphan_is_joined_once_and_acknowledges_again() -> None:
    deliveries, _ = made()
    orphan = receive(deliveries, 1)
    assert not deliveries.join(orphan.received, 1)
    deliveries.lose_source()
    assert not deliveries.join(Message("t/1", b"other", 1), 1)
    assert deliveries.join(orphan.received, 1)
    assert not deliveries.join(orphan.received, 1)
    assert deliveries.counters.dropped == {"joined": 1}
    assert deliveries.settle(orphan) == 1


def test_an_orphan_that_was_not_joined_waits_for_its_redelivery_over_several_connections() -> None:
    deliveries, _ = made()
    orphan = receive(deliveries, 1)
    deliveries.lose_source()
    deliveries.lose_source()
    assert deliveries.join(orphan.received, 1)


def test_a_new_session_of_the_source_joins_nothing() -> None:
    deliveries, _ = made()
    orphan = receive(deliveries, 1)
    deliveries.lose_source()
    deliveries.lose_source_session()
    assert not deliveries.join(orphan.received, 1)
    assert deliveries.pending() == 1


def test_more_than_a_window_is_returned_to_the_source_newest_first() -> None:
    deliveries, _ = made(source_window=2)
    for number in (1, 2, 3, 0):
        receive(deliveries, number)
    deliveries.lose_source()
    assert [delivery.packet_id for delivery in deliveries.waiting] == [1, 2, 0]
    assert deliveries.counters.dropped == {"returned": 1}
    assert not deliveries.join(Message("t/1", b"x", 1), 3)
    deliveries.counters.check(deliveries.pending())
