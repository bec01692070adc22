"""The subscriptions of a source, and the filters that its session holds beyond them after an edit.

Knows what is asked for, what the server granted and what has to be taken back. Does not know deliveries.
"""

from dataclasses import dataclass

from tidegate.flow.delivery import Delivery
from tidegate.flow.events import PromiseWeakened, Side, SubscriptionsHeld
from tidegate.flow.mapping import subscriptions
from tidegate.flow.plan import FlowPlan
from tidegate.flow.policy import reason_name
from tidegate.moment import Moment
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.events import Subscribed, Unsubscribed
from tidegate.mqtt.topics import matches

__all__ = ["SourceSubscriptions", "SubscriptionRefused"]


@dataclass(frozen=True, slots=True)
class SubscriptionRefused:
    """The server refused a filter, with a SUBACK code of 0x80 or above."""

    reason_code: int
    detail: str


class SourceSubscriptions:
    """`held_filters` are those that the session holds from an earlier run, empty where there was none."""

    def __init__(self, plan: FlowPlan, held_filters: frozenset[str]) -> None:
        self._plan = plan
        self._declared = frozenset(plan.topic_filters)
        self._held = held_filters
        self.has_stale = not held_filters <= self._declared
        """Whether messages of a filter that is no longer declared may come, in this run."""
        self.is_subscribed = False

    def matches(self, topic: str) -> bool:
        """Tell whether a declared filter matches a topic."""
        return any(matches(topic_filter, topic) for topic_filter in self._plan.topic_filters)

    def lose_session(self) -> None:
        """Take note that the server's session holds nothing."""
        self._held = frozenset()

    def subscribe(self, client: ClientConnection[Delivery], now: Moment) -> SubscriptionsHeld:
        """Ask for every declared filter; a session that holds it already is not replayed to (Retain Handling 1).

        The answer is to be recorded before the bytes leave: a filter in the session that no record knows could
        never be taken back.
        """
        self._held |= self._declared
        client.subscribe(subscriptions(self._plan), now)
        return self._report()

    def take_back_stale(self, client: ClientConnection[Delivery], now: Moment) -> None:
        """Unsubscribe what the session holds and nobody declares, after the declared filters were granted."""
        stale = self._held - self._declared
        if stale:
            client.unsubscribe(sorted(stale), now)

    def take_back_all(self, client: ClientConnection[Delivery], now: Moment) -> None:
        """Unsubscribe everything, because the session is to end."""
        client.unsubscribe(sorted(self._held | self._declared), now)

    def granted(self, event: Subscribed) -> list[PromiseWeakened] | SubscriptionRefused:
        """Return what was granted below what was asked, or the first refusal."""
        weaknesses: list[PromiseWeakened] = []
        asked = self._plan.source.qos
        for topic_filter, code in event.results:
            if code >= 0x80:
                reason = f" ({event.reason_string})" if event.reason_string else ""
                detail = f"the source refused the subscription to `{topic_filter}`: {reason_name(code)}{reason}"
                return SubscriptionRefused(code, detail)
            if code < asked:
                detail = f"the source granted QoS {code} for `{topic_filter}`, and QoS {asked} was asked for"
                remedy = "allow the QoS at the source broker; until then messages may be lost"
                weaknesses.append(PromiseWeakened(Side.SOURCE, detail, remedy))
        self.is_subscribed = True
        return weaknesses

    def taken_back(self, event: Unsubscribed) -> SubscriptionsHeld:
        """Take note of an UNSUBACK; a filter whose code is 0x80 or above stays in the session."""
        self._held -= {topic_filter for topic_filter, code in event.results if code < 0x80}
        return self._report()

    def _report(self) -> SubscriptionsHeld:
        return SubscriptionsHeld(tuple(sorted(self._held)))
