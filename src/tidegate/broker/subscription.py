"""A subscription, and what a topic's matches come to for one session.

Knows the options of section 3.8.3.1. Does not know how topics are matched (`router`).
"""

from typing import TYPE_CHECKING

import msgspec

from tidegate.mqtt.topics import split_share

if TYPE_CHECKING:
    from tidegate.broker.session import Session

__all__ = ["ShareGroup", "Subscription", "Target", "merge"]


class Subscription(msgspec.Struct, frozen=True, gc=False):
    """A topic filter with its options. `topic_filter` has its `$share/` prefix; `identifier` None means none."""

    topic_filter: str
    qos: int
    no_local: bool = False
    retain_as_published: bool = False
    identifier: int | None = None

    @property
    def share_name(self) -> str | None:
        """Return the ShareName, None for a subscription that is not shared."""
        return split_share(self.topic_filter)[0]

    @property
    def pattern(self) -> str:
        """Return the filter that matches topics."""
        return split_share(self.topic_filter)[1]


class Target(msgspec.Struct, frozen=True, eq=False):
    """How one session gets the messages of one topic: one copy, whatever number of its subscriptions match.

    `for_own` is the same for messages that the session's own client publishes (No Local), None where it gets none.
    """

    session: "Session"
    qos: int
    retain_as_published: bool
    subscription_ids: tuple[int, ...]
    for_own: "Target | None"


class ShareGroup:
    """The members of a shared subscription, served in turn (section 4.8.2)."""

    __slots__ = ("_next", "members")

    def __init__(self) -> None:
        self.members: dict[Session, Subscription] = {}
        self._next = 0

    def candidates(self) -> "list[tuple[Session, Subscription]]":
        """Return all members, beginning with the one whose turn it is; the next call begins one further."""
        members = list(self.members.items())
        if not members:
            return members
        start = self._next % len(members)
        self._next = start + 1
        return members[start:] + members[:start] if start else members


def merge(session: "Session", subscriptions: list[Subscription]) -> Target:
    """Make one target of the session's subscriptions that match a topic: the highest QoS, all identifiers.

    Section 3.3.4: a server may send one copy, which then has the identifiers of all [MQTT-3.3.4-4].
    """
    everything = _merged(session, subscriptions, None)
    locals_left = [subscription for subscription in subscriptions if not subscription.no_local]
    if len(locals_left) == len(subscriptions):
        return _merged(session, subscriptions, everything)
    for_own = _merged(session, locals_left, None) if locals_left else None
    return _merged(session, subscriptions, for_own)


def _merged(session: "Session", subscriptions: list[Subscription], for_own: Target | None) -> Target:
    return Target(
        session,
        max(subscription.qos for subscription in subscriptions),
        any(subscription.retain_as_published for subscription in subscriptions),
        tuple(subscription.identifier for subscription in subscriptions if subscription.identifier is not None),
        for_own,
    )
