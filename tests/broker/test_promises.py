"""What is committed before it may be said."""

from tidegate.broker.connection import Connection, ListenerPolicy
from tidegate.broker.journal import QueuedRecord
from tidegate.broker.promises import Promises
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.server_settings import ServerSettings


def connection(promises: Promises) -> Connection:
    return Connection(ListenerPolicy(), ServerSettings(), promises, Moment(0.0, 0.0), "peer", ())


def test_a_batch_gathers_until_it_is_taken() -> None:
    promises = Promises()
    assert promises.take() is None
    promises.changing().add(QueuedRecord(1, 1, Message("a", b"", 1)))
    batch = promises.take()
    assert batch is not None and batch.number == 1 and promises.number == 2
    assert promises.take() is None


def test_who_waits_is_told_once_its_batch_is_committed() -> None:
    promises = Promises()
    one, other = connection(promises), connection(promises)
    one.send_after(promises.number, b"1", 1)
    promises.changing().add(QueuedRecord(1, 1, Message("a", b"", 1)))
    assert promises.take() is not None
    other.send_after(promises.number, b"2")
    one.send_after(0, b"3", 1)
    assert (one.unacknowledged, one.take_output()) == (2, [])
    assert promises.commit(1) == [one]
    one.release()
    assert (one.unacknowledged, one.take_output()) == (0, [b"1", b"3"])
    assert promises.take() is not None, "somebody waits for a batch in which nothing is left"
    assert promises.commit(2) == [other]
