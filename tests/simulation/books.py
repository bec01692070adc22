"""What a broker core was sent, what it promised and what it has delivered: kept at the core's own edge, packet by packet.

Knows the specification from outside and what has to hold over the death of a core. Does not know the core's insides.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import mqtt5 as packets

from tests.simulation.account import Account, Observer
from tests.simulation.disk import Disk
from tests.simulation.publication import Publication, Violation, number_of
from tests.simulation.retained import Change, RetainedBook
from tidegate.broker.session import Session
from tidegate.mqtt.topics import matches

__all__ = ["Books", "Tap"]

SAME_TIME_SECONDS = 1e-3


@dataclass(slots=True, eq=False)
class Exchange:
    """A PUBLISH that a core has to answer, and for whom its answer is a promise (with the session's life)."""

    number: int
    life: int
    has_answer: bool = False
    releases: int = 0
    """How many PUBRELs of it the core was sent."""
    promises: list[tuple[Account, int]] = field(default_factory=list)
    change: Change | None = None


class Books:
    """The books of one broker. `follow` names the durable sessions that are watched."""

    def __init__(self, name: str, publications: dict[int, Publication]) -> None:
        self.name = name
        self.publications = publications
        self.observer = Observer()
        self.accounts: dict[str, Account] = {}
        self.retained = RetainedBook()
        self.gathering = 1
        """The number of the batch that gathers what is changed now."""
        self.life = 0
        self.exchanges: dict[tuple[str, int], Exchange] = {}
        """The QoS 2 messages of publishers, by client and packet id, until PUBCOMP."""
        self.is_new_disk = False

    def follow(self, client_id: str) -> Account:
        """Keep an account for a session."""
        if client_id not in self.accounts:
            self.accounts[client_id] = Account(client_id)
        return self.accounts[client_id]

    def committed(self, number: int) -> None:
        """Take note that all batches up to `number` are on disk."""
        for account in self.accounts.values():
            if account.unsure:
                account.unsure = [each for each in account.unsure if each[0] > number]

    def check_disk(self, disk: Disk, now: float) -> None:
        """Check that a disk holds what was promised, the moment the core is gone.

        Raises:
            Violation: a message that was acknowledged, or the identifier of one, is not there.
        """
        for client_id, account in self.accounts.items():
            kept = {number_of(message.payload) for message in disk.queued_for(client_id)}
            lost = [each for each in account.owed if each not in kept and now < self.publications[each].expires_at]
            if lost:
                raise Violation(f"{self.name}: {client_id} was promised {lost[:10]}, and they are not on disk")
        for (client_id, packet_id), exchange in self.exchanges.items():
            if exchange.has_answer and not exchange.releases and packet_id not in disk.received_from(client_id):
                raise Violation(f"{self.name}: the identifier {packet_id} of {client_id} is not on disk")

    def killed(self) -> None:
        """Take note that the core is gone with what was not committed."""
        self.life += 1
        for account in self.accounts.values():
            self.observer.ending(account.client_id, account.revive())
            account.in_flight.clear()

    def restored(self, found: dict[str, bytes], now: float) -> None:
        """Take note of a new core, and of the retained messages that it shows."""
        self.gathering = 1
        if self.is_new_disk:
            self.retained.lose_everything()
        self.retained.check(found, now, is_restored=True)

    def look(self, session_of: Callable[[str], Session | None], now: float) -> None:
        """See which sessions there are.

        Raises:
            Violation: one has ended that the core had promised to keep.
        """
        for account in self.accounts.values():
            session = session_of(account.client_id)
            if session is not None:
                account.replaying = tuple(session.retained_due)
                if account.has_connack:
                    account.connected_at = now
                    account.has_connack = session.connection is not None
            elif account.is_promised:
                has_expired = now >= account.connected_at + account.expiry_seconds - SAME_TIME_SECONDS
                if not (has_expired or account.is_ending or self.is_new_disk):
                    raise Violation(f"{self.name}: the session of {account.client_id} is gone")
                self.end(account)
        self.is_new_disk = False

    def end(self, account: Account) -> None:
        """Take note that a session has ended with all it was owed."""
        numbers = sorted({*account.owed, *account.sent_and_held()})
        account.life += 1
        # A core that is killed before the end is on disk has the session again.
        account.revive()
        account.owed.clear()
        account.unacknowledged.clear()
        account.unsure.clear()
        account.filters.clear()
        account.seen.clear()
        account.is_promised = account.is_ending = False
        self.exchanges = {key: each for key, each in self.exchanges.items() if key[0] != account.client_id}
        self.observer.forgotten(account.client_id, numbers)

    def check_end(self, client_id: str, now: float) -> None:
        """Check that a client got everything that was promised to its session.

        Raises:
            Violation: it did not.
        """
        owed = self.accounts[client_id].owed if client_id in self.accounts else ()
        lost = [number for number in owed if now < self.publications[number].expires_at]
        if lost:
            raise Violation(f"{self.name}: {client_id} was promised {lost[:10]} and never got them")


class Tap:
    """One connection, seen at the core's edge."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._account: Account | None = None
        self._aliases: dict[int, str] = {}
        self._open: dict[int, Exchange] = {}
        self._subscribing: dict[int, list[str]] = {}
        self.client_id = ""

    def received(self, packet: packets.Packet) -> None:
        """Take note of a packet that the core is about to take."""
        account = self._account
        if isinstance(packet, packets.PublishPacket):
            self._take(packet)
        elif isinstance(packet, packets.ConnectPacket):
            self._connect(packet)
        elif isinstance(packet, packets.PubRelPacket):
            exchange = self._books.exchanges.get((self.client_id, packet.packet_id))
            if exchange is not None:
                exchange.releases += 1
        elif isinstance(packet, packets.PubCompPacket):
            if account is not None:
                account.in_flight.pop(packet.packet_id, None)
        elif isinstance(packet, packets.PubAckPacket | packets.PubRecPacket):
            if account is not None:
                self._acknowledge(account, packet)
        elif isinstance(packet, packets.SubscribePacket):
            if account is not None:
                self._subscribe(account, packet)
        elif isinstance(packet, packets.UnsubscribePacket):
            if account is not None:
                account.filters.difference_update(packet.patterns)
        elif isinstance(packet, packets.DisconnectPacket) and account is not None:
            if packet.session_expiry_interval is not None:
                account.expiry_seconds = packet.session_expiry_interval
            account.is_ending = account.expiry_seconds == 0

    def sent(self, packet: packets.Packet) -> None:
        """Take note of a packet that the core has let go."""
        if isinstance(packet, packets.PublishPacket):
            if self._account is not None:
                self._deliver(self._account, packet)
        elif isinstance(packet, packets.PubAckPacket | packets.PubRecPacket):
            self._answer(packet.packet_id, int(packet.reason_code))
        elif isinstance(packet, packets.PubCompPacket):
            self._complete(packet)
        elif isinstance(packet, packets.ConnAckPacket):
            if self._account is not None and not int(packet.reason_code):
                self._account.is_promised = self._account.expiry_seconds > 0
                self._account.has_connack = True
        elif isinstance(packet, packets.PubRelPacket):
            if self._account is not None:
                self._account.in_flight[packet.packet_id] = 0
        elif isinstance(packet, packets.SubAckPacket) and self._account is not None:
            self._account.filters.update(self._subscribing.pop(packet.packet_id))

    def ended(self) -> None:
        """Take note that the connection is gone."""
        if self._account is not None and self._account.holder is self:
            self._leave(self._account)

    def _connect(self, packet: packets.ConnectPacket) -> None:
        self.client_id = packet.client_id
        self._account = account = self._books.accounts.get(packet.client_id)
        if account is not None:
            account.receive_maximum = packet.receive_max
            account.expiry_seconds = packet.session_expiry_interval
            account.is_ending = False
            account.has_connack = False
            self._leave(account)
            account.holder = self
            if packet.clean_start:
                self._books.end(account)

    def _leave(self, account: Account) -> None:
        if account.in_flight:
            self._books.observer.ending(account.client_id, sum(number > 0 for number in account.in_flight.values()))
            account.in_flight.clear()
        account.holder = None

    def _take(self, packet: packets.PublishPacket) -> None:
        books = self._books
        topic = packet.topic
        if packet.topic_alias is not None:
            topic = self._aliases[packet.topic_alias] = topic or self._aliases[packet.topic_alias]
        number = number_of(packet.payload)
        key = (self.client_id, packet.packet_id or 0)
        if packet.qos == packets.QoS.EXACTLY_ONCE:
            known = books.exchanges.get(key)
            if known is not None and known.number == number and packet.duplicate:
                self._open[key[1]] = known
                if known.life != books.life and not known.has_answer:
                    # Nobody knows whether the core that was killed had written it down.
                    known.life = books.life
                    known.promises = [each for each in known.promises if each[0].is_certain(topic)]
                    self._allow(number)
                    books.observer.taken(self.client_id, number, packet, topic)
                    if known.change is not None:
                        books.retained.take(known.change)
                return
        exchange = Exchange(number, books.life)
        if packet.retain:
            expires_at = books.publications[number].expires_at if number else float("inf")
            exchange.change = Change(topic, packet.payload or b"", expires_at)
            books.retained.take(exchange.change)
        if number:
            self._allow(number)
            books.observer.taken(self.client_id, number, packet, topic)
            if packet.retain:
                for account in books.accounts.values():
                    self._expect_replays(account, account.replaying, topic, number)
        if packet.packet_id is None:
            return
        exchange.promises = [(each, each.life) for each in books.accounts.values() if each.is_certain(topic)]
        self._open[packet.packet_id] = exchange
        if packet.qos == packets.QoS.EXACTLY_ONCE:
            books.exchanges[key] = exchange

    def _allow(self, number: int) -> None:
        for account in self._books.accounts.values():
            account.allowed[number] += 1

    def _answer(self, packet_id: int, reason_code: int) -> None:
        exchange = self._open.pop(packet_id, None)
        if exchange is None:
            raise Violation(f"{self._books.name}: an answer to {packet_id}, which {self.client_id} did not send")
        if reason_code >= 0x80:
            self._books.exchanges.pop((self.client_id, packet_id), None)
            if exchange.change is not None:
                self._books.retained.refuse(exchange.change)
            self._books.observer.refused(self.client_id, exchange.number)
            return
        exchange.has_answer = True
        if exchange.change is not None:
            self._books.retained.confirm(exchange.change)
        for account, life in exchange.promises:
            if account.life == life and not account.settled[exchange.number]:
                if reason_code == 0x10:
                    raise Violation(
                        f"{self._books.name}: nobody for <{exchange.number}>, and {account.client_id} is there"
                    )
                account.owed[exchange.number] = None
                self._books.observer.promised(account.client_id, exchange.number)

    def _complete(self, packet: packets.PubCompPacket) -> None:
        exchange = self._books.exchanges.pop((self.client_id, packet.packet_id), None)
        may_be_gone = exchange is None or not exchange.has_answer or exchange.releases > 1
        if int(packet.reason_code) >= 0x80 and not may_be_gone:
            raise Violation(f"{self._books.name}: the identifier {packet.packet_id} of {self.client_id} was forgotten")

    def _subscribe(self, account: Account, packet: packets.SubscribePacket) -> None:
        self._subscribing[packet.packet_id] = patterns = [item.pattern for item in packet.topic_filters]
        for pattern in patterns:
            if pattern in account.filters:
                continue
            # A new subscription is sent what is retained.
            for topic, changes in self._books.retained.changes.items():
                for change in changes:
                    self._expect_replays(account, (pattern,), topic, number_of(change.payload))

    def _expect_replays(self, account: Account, patterns: tuple[str, ...], topic: str, number: int) -> None:
        count = sum(matches(pattern, topic) for pattern in patterns) if number else 0
        account.allowed[number] += count
        for _ in range(count):
            self._books.observer.replayed(account.client_id, number)

    def _deliver(self, account: Account, packet: packets.PublishPacket) -> None:
        books = self._books
        number = number_of(packet.payload)
        is_new = not packet.duplicate
        if packet.duplicate and account.unacknowledged[number] <= list(account.in_flight.values()).count(number):
            # It was sent on a connection that was gone before it could be written.
            is_new = True
            if account.settled[number] >= account.allowed[number]:
                raise Violation(
                    f"{books.name}: <{number}> was sent again to {account.client_id}, which has acknowledged it"
                )
        if is_new:
            account.sent[number] += 1
            account.unacknowledged[number] += packet.packet_id is not None
            if account.sent[number] > account.allowed[number]:
                raise Violation(
                    f"{books.name}: <{number}> was sent to {account.client_id} {account.sent[number]} times as new,"
                    f" and {account.allowed[number]} are explained"
                )
        as_sent = packet.packet_id or 0, number
        if account.sent[number] > 1 if is_new else as_sent not in account.seen:
            books.observer.sent_again_as_new(account.client_id, number)
        account.seen.add(as_sent)
        if packet.packet_id is None:
            return
        if packet.packet_id in account.in_flight:
            raise Violation(f"{books.name}: packet identifier {packet.packet_id} is in use [MQTT-2.2.1-4]")
        account.in_flight[packet.packet_id] = number
        if len(account.in_flight) > account.receive_maximum:
            raise Violation(f"{books.name}: more than the Receive Maximum of {account.client_id} [MQTT-3.3.4-9]")

    def _acknowledge(self, account: Account, packet: packets.PubAckPacket | packets.PubRecPacket) -> None:
        number = account.in_flight.get(packet.packet_id, 0)
        if isinstance(packet, packets.PubAckPacket):
            account.in_flight.pop(packet.packet_id, None)
        else:
            account.in_flight[packet.packet_id] = 0
        if number:
            account.settle(number, self._books.gathering)
            self._books.observer.acknowledged(account.client_id, number)
