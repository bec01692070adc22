"""Subscriptions of one session that match the same topic."""

from tidegate.broker.identity import Identity
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.session import Session
from tidegate.broker.subscription import ShareGroup, Subscription, merge
from tidegate.mqtt.wire import Wire


def session(number: int = 1) -> Session:
    return Session(number, f"client-{number}", Identity("x"), Wire.V5, BrokerLimits())


def test_parts_of_a_shared_filter() -> None:
    assert (Subscription("$share/g/a/b", 1).share_name, Subscription("$share/g/a/b", 1).pattern) == ("g", "a/b")
    assert (Subscription("a/b", 1).share_name, Subscription("a/b", 1).pattern) == (None, "a/b")


def test_merging() -> None:
    target = merge(
        session(), [Subscription("a", 0, identifier=1), Subscription("+", 2, retain_as_published=True, identifier=2)]
    )
    assert (target.qos, target.retain_as_published, target.subscription_ids) == (2, True, (1, 2))
    assert target.for_own is not None and target.for_own.qos == 2


def test_no_local_counts_for_ones_own_messages_alone() -> None:
    target = merge(session(), [Subscription("a", 2, no_local=True), Subscription("+", 1)])
    assert target.qos == 2 and target.for_own is not None and target.for_own.qos == 1
    assert merge(session(), [Subscription("a", 2, no_local=True)]).for_own is None


def test_turns() -> None:
    group = ShareGroup()
    assert group.candidates() == []
    for number in range(3):
        group.members[session(number)] = Subscription("$share/g/a", 1)
    assert [group.candidates()[0][0].number for _ in range(4)] == [0, 1, 2, 0]
