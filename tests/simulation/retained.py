"""What a broker may show as retained messages, from what it was sent and what it acknowledged.

Knows the changes of each topic in order. Does not know how a broker keeps them.
"""

from dataclasses import dataclass

import mqtt5 as packets

from tests.simulation.publication import Violation, split
from tidegate.broker.broker import Broker
from tidegate.broker.connection import ListenerPolicy
from tidegate.moment import Moment

__all__ = ["Change", "RetainedBook", "shown"]


@dataclass(slots=True, eq=False)
class Change:
    """A retained message that a broker was sent; without a payload it removes what the topic has."""

    topic: str
    payload: bytes
    expires_at: float = float("inf")


class RetainedBook:
    """For each topic the changes that may be the last one that counts: what was acknowledged ends all before it."""

    def __init__(self) -> None:
        self.changes: dict[str, list[Change]] = {}

    def take(self, change: Change) -> None:
        """Take note that a broker was sent a change."""
        self.changes.setdefault(change.topic, [Change(change.topic, b"")]).append(change)

    def confirm(self, change: Change) -> None:
        """Take note that it was acknowledged: from now on it holds, or a later one."""
        changes = self.changes[change.topic]
        if change in changes:
            del changes[: changes.index(change)]

    def refuse(self, change: Change) -> None:
        """Take note that it was refused."""
        changes = self.changes[change.topic]
        if change in changes:
            changes.remove(change)

    def lose_everything(self) -> None:
        """Take note that the broker's disk is gone."""
        for topic in self.changes:
            self.changes[topic] = [Change(topic, b"")]

    def check(self, found: dict[str, bytes], now: float, *, is_restored: bool) -> None:
        """Compare with what a new subscriber was sent; what a core that was just restored shows is what holds.

        Raises:
            Violation: a retained message was lost, or has come back.
        """
        for topic in found.keys() | self.changes.keys():
            changes = self.changes.get(topic, [])
            payload = found.get(topic, b"")
            seen = [each for each in changes if each.payload == payload]
            if not payload:
                seen += [each for each in changes if each.expires_at <= now]
            if not seen:
                allowed = [each.payload for each in changes]
                raise Violation(f"{topic} has the retained message {payload!r}, and may have one of {allowed}")
            if is_restored:
                self.changes[topic] = seen[-1:] if payload else [Change(topic, b"")]


def shown(core: Broker, now: Moment) -> dict[str, bytes]:
    """Return the retained messages that a new subscriber to everything is sent, by topic."""
    connection = core.connection_made(ListenerPolicy(), now, "reader")
    hello = packets.ConnectPacket("reader", clean_start=True)
    everything = packets.SubscribePacket(1, [packets.TopicFilter("#", max_qos=packets.QoS.AT_MOST_ONCE)])
    core.receive_data(connection, hello.write() + everything.write(), now)
    said, rest = split(b"".join(core.take_output(connection, now)))
    core.connection_lost(connection, now)
    assert not rest and len(said) >= 2, "a new session that is not durable is answered at once"
    return {packet.topic: packet.payload or b"" for packet, _ in said if isinstance(packet, packets.PublishPacket)}
