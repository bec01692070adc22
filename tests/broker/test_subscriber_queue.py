"""What waits for one session."""

from tidegate.broker.limits import BrokerLimits
from tidegate.broker.subscriber_queue import Outgoing, SubscriberQueue
from tidegate.message import Message


def outgoing(payload: bytes = b"xx", sequence: int = 0, qos: int = 1) -> Outgoing:
    return Outgoing(Message("a", payload, qos), qos, False, (), None, sequence)


def test_room_in_number_and_bytes() -> None:
    queue = SubscriberQueue(BrokerLimits(queued_messages_max=3, queued_bytes_max=12, queued_in_memory_max=2))
    for _ in range(2):
        assert queue.has_room_in_memory(2)
        queue.append(outgoing())
    assert queue.is_filling and not queue.has_room_in_memory(2) and queue.has_room(6) and not queue.has_room(7)
    queue.leave_on_disk(3)
    assert len(queue) == 3 and not queue.has_room(0)
    queue.pop()
    assert queue.has_room(2)


def test_from_disk_to_memory() -> None:
    queue = SubscriberQueue(BrokerLimits())
    queue.append(outgoing(sequence=4))
    queue.leave_on_disk(3)
    queue.take_from_disk(outgoing(sequence=5))
    assert (queue.on_disk, queue.bytes_on_disk, queue.last_sequence, queue.bytes_in_memory) == (0, 0, 5, 6)
    queue.clear()
    assert len(queue) == 0


def test_keeping_some() -> None:
    queue = SubscriberQueue(BrokerLimits())
    queue.append(outgoing(qos=0))
    queue.append(outgoing(b"kept"))
    queue.keep(lambda each: each.qos > 0)
    assert (len(queue), queue.bytes_in_memory) == (1, 5)
