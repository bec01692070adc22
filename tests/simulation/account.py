"""What one durable session is owed and has got, and who is told of what happens at the edge of a core.

Knows numbers of messages. Does not know packets in the order in which they pass (`books`).
"""

from collections import Counter

import mqtt5 as packets

from tidegate.mqtt.topics import matches

__all__ = ["Account", "Observer"]


class Observer:
    """Who is told what passes at the edge of a core; a world does what it likes in these."""

    def taken(self, client_id: str, number: int, packet: packets.PublishPacket, topic: str) -> None:
        """A core took a PUBLISH."""

    def refused(self, client_id: str, number: int) -> None:
        """A core refused a PUBLISH that it had taken."""

    def sent_again_as_new(self, client_id: str, number: int) -> None:
        """A core sent a session a message for the second time, and not as a resend."""

    def replayed(self, client_id: str, number: int) -> None:
        """A session may be sent a retained message, for it has subscribed."""

    def acknowledged(self, client_id: str, number: int) -> None:
        """A session's client acknowledged a message."""

    def promised(self, client_id: str, number: int) -> None:
        """A core acknowledged a message to its publisher, and has to deliver it to this session."""

    def forgotten(self, client_id: str, numbers: list[int]) -> None:
        """A session ended, with what it was owed."""

    def ending(self, client_id: str, count: int) -> None:
        """A connection ended on which `count` messages were not acknowledged, or (a killed core) not durably so."""


class Account:
    """What one durable session is owed, and what it has got. `filters` are those whose SUBACK has left."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.filters: set[str] = set()
        self.owed: dict[int, None] = {}
        self.settled: Counter[int] = Counter()
        self.unacknowledged: Counter[int] = Counter()
        self.in_flight: dict[int, int] = {}
        """What was sent on the present connection, by packet id; 0 stands for a QoS 2 message whose PUBREC has come."""
        self.seen: set[tuple[int, int]] = set()
        """The packet ids under which messages were sent: what comes again under another id cannot be known again."""
        self.unsure: list[tuple[int, int]] = []
        """What was acknowledged, with the batch in which that is written."""
        self.sent: Counter[int] = Counter()
        self.allowed: Counter[int] = Counter()
        """How often a message may be sent as new: once for each time that the core took it, and once more for a kill."""
        self.receive_maximum = 65_535
        self.expiry_seconds = 0
        self.connected_at = 0.0
        self.has_connack = False
        """Whether the present connection was told that it has the session."""
        self.is_promised = False
        self.is_ending = False
        self.replaying: tuple[str, ...] = ()
        """The filters whose retained messages wait for room, so that one that is published meanwhile comes with them."""
        self.life = 0
        self.holder: object | None = None
        """The connection that has the session."""

    def is_certain(self, topic: str) -> bool:
        """Tell whether a message on a topic has to reach this session."""
        return any(matches(topic_filter, topic) for topic_filter in self.filters)

    def settle(self, number: int, batch: int) -> None:
        """Take note that the client has a message."""
        if self.unacknowledged[number]:
            self.unacknowledged[number] -= 1
        self.owed.pop(number, None)
        self.settled[number] += 1
        self.unsure.append((batch, number))

    def revive(self) -> int:
        """Take note that the core was killed: what is not known to be settled may come again as new; return how many."""
        self.unacknowledged.update(number for _, number in self.unsure)
        self.allowed.update(self.unacknowledged)
        self.unsure.clear()
        return self.unacknowledged.total()

    def sent_and_held(self) -> list[int]:
        """Return what was sent and is not acknowledged."""
        return [number for number, count in self.unacknowledged.items() if count]
