"""The one class that holds the promise: what was acknowledged to the source has been acknowledged by the destination,
or was dropped for a reason that was counted.

`Relay` owns two sans-I/O connections. Bytes from either socket go in, bytes for either come out; each step is one plain
call that cannot be cancelled half-way. It reads no clock and does no I/O; `net/driver.py` does.

The source's PUBACK is withheld until the destination's has come. A lost source connection makes its unsettled deliveries
*orphans*: they go on to the destination, acknowledge nothing, and a redelivery of one joins it. A lost destination
connection clears nothing.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from msgspec.structs import replace

from tidegate.exceptions import LocalViolation
from tidegate.flow.connection import Connection
from tidegate.flow.deliveries import Deliveries
from tidegate.flow.delivery import Delivery
from tidegate.flow.events import (
    ConnectionOpened,
    CredentialRenewed,
    Drained,
    FlowRefused,
    MessageDropped,
    MessageHeld,
    PromiseWeakened,
    RelayEvent,
    SessionLost,
    Side,
    Stalled,
    StallEnded,
    StallSuspected,
)
from tidegate.flow.mapping import outgoing
from tidegate.flow.plan import FlowPlan
from tidegate.flow.policy import BACKOFF, NEVER, NOW, SLOW, publish_rejection, reason_name, subscribe_retry
from tidegate.flow.requirements import Shortcoming, destination_refusal, source_refusal, source_weakness
from tidegate.flow.source_subscriptions import SourceSubscriptions, SubscriptionRefused
from tidegate.flow.watchdog import Watchdog
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.events import (
    AuthenticationContinued,
    ConnectionAccepted,
    ConnectionClosing,
    Event,
    MessageReceived,
    PublishesAccepted,
    PublishRefused,
    PublishSettled,
    Reauthenticated,
    Subscribed,
    Unsubscribed,
)
from tidegate.mqtt.state import State
from tidegate.transform.spec import Dropped
from tidegate.transform.view import Record

__all__ = ["QUIET_SECONDS", "Relay"]

# How long a source must be silent after UNSUBSCRIBE before its session is ended (design, section 5).
QUIET_SECONDS = 2.0

# By name here, because a member is looked up in its class at the price of a call.
_SOURCE = Side.SOURCE
_CONNECTED = State.CONNECTED


class _Phase(Enum):
    """Where a relay is in its life."""

    RUNNING = "running"
    UNSUBSCRIBING = "unsubscribing"
    """The session is to be ended: unsubscribed, and receiving until the source is quiet."""
    DRAINING = "draining"
    """The source is not read any more; what is pending is being settled."""
    FINISHED = "finished"
    """Both connections are closed or closing."""


_RUNNING = _Phase.RUNNING


class Relay:
    """One running copy of a data flow. `net/driver.py` calls it; everybody else goes through the driver's `call`.

    `held_filters` are the filters that the source session holds from an earlier run, empty where there was none. `new_id` makes
    the ids of CloudEvents.
    """

    def __init__(
        self, plan: FlowPlan, *, new_id: Callable[[], str], held_filters: frozenset[str] = frozenset()
    ) -> None:
        self.plan = plan
        self._snapshots: dict[str, Sequence[Record]] = {}
        self._outgoing = outgoing(plan, new_id, self._snapshots)
        self._source = Connection(Side.SOURCE, plan.source, plan.packet_bytes_max)
        self._source.session.is_established = bool(held_filters)
        self._destination = Connection(Side.DESTINATION, plan.destination)
        self._subscriptions = SourceSubscriptions(plan, held_filters)
        self._deliveries = Deliveries(
            self._destination.session.inflight, plan.source.receive_maximum, plan.qos0_pending_bytes_max
        )
        self.counters = self._deliveries.counters
        self._inflight = self._destination.session.inflight.entries
        self._watchdog = Watchdog(plan.stall_seconds, plan.stall_seconds_max)
        self._phase = _Phase.RUNNING
        self._ends_session = False
        self._quiet_at: float | None = None
        self._unsettled = 0
        self._has_reported = False
        self._window = plan.source.receive_maximum
        self._is_flooded = False
        self.is_steady = False
        """Whether both sides are connected, the source is read and nothing ends: the sockets are to stay as they are."""
        self._events: list[RelayEvent] = []

    @property
    def reads_source(self) -> bool:
        """Tell whether the source socket is to be read."""
        return self._phase in (_Phase.RUNNING, _Phase.UNSUBSCRIBING) and not self._is_flooded

    @property
    def is_finished(self) -> bool:
        """Tell whether the relay has ended its connections for good."""
        return self._phase is _Phase.FINISHED

    def pending(self) -> int:
        """Return how many received messages are not settled, counted from the structures that hold them."""
        return self._deliveries.pending()

    def inflight(self, side: Side) -> int:
        """Return the messages not yet acknowledged: by us to the source, or by the destination to us."""
        if side is Side.DESTINATION:
            return len(self._inflight)
        return 0 if self._source.client is None else self._source.client.unacknowledged

    def oldest_pending_seconds(self, now: Moment) -> float | None:
        """Return the age of the oldest message that is not settled, None when nothing is pending."""
        oldest = self._deliveries.oldest()
        return None if oldest is None else now.monotonic - oldest.received_at

    def side_state(self, side: Side) -> str:
        """Return `idle`, `connecting`, `connected`, `subscribed` or `closing`."""
        connection = self._side(side)
        if connection.client is None:
            return "idle"
        if side is Side.SOURCE and self._subscriptions.is_subscribed and connection.is_connected:
            return "subscribed"
        return connection.client.state.value

    def check_accounting(self) -> None:
        """Check the promise's equation.

        Raises:
            AssertionError: it does not hold.
        """
        self.counters.check(self.pending())

    def wants_close(self, side: Side) -> bool:
        """Tell whether the socket is to be closed once its output is written."""
        client = self._source.client if side is _SOURCE else self._destination.client
        return client is not None and client.state is State.CLOSING

    def take_events(self) -> list[RelayEvent]:
        """Return and forget what happened since the last call."""
        events = self._events
        if events:
            self._events = []
        return events

    def data_to_send(self, side: Side, now: Moment) -> list[bytes]:
        """Return and forget the bytes to write to one socket, as buffers in order."""
        client = self._source.client if side is _SOURCE else self._destination.client
        return [] if client is None else client.data_to_send(now)

    def next_timeout(self) -> float | None:
        """Return when `handle_timeout` wants to be called, in seconds of the monotonic clock."""
        earliest = self._watchdog.next_timeout()
        if self._quiet_at is not None and (earliest is None or self._quiet_at < earliest):
            earliest = self._quiet_at
        for client in (self._source.client, self._destination.client):
            if client is not None:
                deadline = client.next_timeout()
                if deadline is not None and (earliest is None or deadline < earliest):
                    earliest = deadline
        return earliest

    def connection_made(self, side: Side, now: Moment, token: bytes | None = None) -> None:
        """Begin a Network Connection over a transport that has just been opened; `token` is for its authentication."""
        self._side(side).open(now, token)

    def receive_data(self, side: Side, data: bytes, now: Moment) -> None:
        """Take bytes from one socket."""
        client = self._source.client if side is _SOURCE else self._destination.client
        if client is not None:
            self._handle(side, client.receive_data(data, now), now)
            self._step(now)

    def connection_lost(self, side: Side, detail: str, now: Moment) -> None:
        """End a Network Connection whose socket is gone; `detail` says why, where we did not close it ourselves."""
        connection = self._side(side)
        if connection.client is None:
            return
        self._events.append(connection.lose(detail))
        if side is Side.SOURCE:
            self._subscriptions.is_subscribed = False
            self._quiet_at = None
            if self._ends_session and self._phase is _Phase.DRAINING:
                # A session is ended on a connection: it is made again for that.
                self._phase = _Phase.UNSUBSCRIBING
            self._deliveries.lose_source()
        self._step(now)

    def set_writable(self, side: Side, is_writable: bool, now: Moment) -> None:
        """Take note that one socket's send buffer is full, or has room again."""
        self._side(side).is_writable = is_writable
        self._step(now)

    def handle_timeout(self, now: Moment) -> None:
        """Do what is due."""
        if self._source.client is not None and not self.reads_source:
            self._source.client.forgive_silence(now)
        for connection in (self._source, self._destination):
            if connection.client is not None:
                self._handle(connection.side, connection.client.handle_timeout(now), now)
        if self._quiet_at is not None and self._quiet_at <= now.monotonic:
            self.drain(now)
        self._check_stall(now)
        self._step(now)

    def reconnect(self, side: Side, detail: str) -> None:
        """End one connection so that it is made again at once with its session kept, as after a new certificate."""
        self._side(side).end(None, detail, NOW)

    def reauthenticate(self, side: Side, token: bytes, now: Moment) -> bool:
        """Present a new token on a live connection; tell whether it was sent.

        `CredentialRenewed` answers it, or a `ConnectionEnded` with retry `now`: a server may refuse to take one again.
        """
        return self._side(side).reauthenticate(token, now)

    def use_records(self, key: str, records: Sequence[Record]) -> None:
        """Take the records of a data set in place of those before; the next message sees them."""
        self._snapshots[key] = records

    def drain(self, now: Moment) -> None:
        """Stop reading the source, settle what is pending, disconnect both sides with their sessions kept."""
        if self._phase is not _Phase.FINISHED:
            self._phase = _Phase.DRAINING
            self._quiet_at = None
            self._source.is_final = not self._ends_session
            self._step(now)

    def end_session(self, now: Moment) -> None:
        """Unsubscribe, receive until the source is quiet, settle what is pending, disconnect and end both sessions."""
        if self._phase is _Phase.FINISHED:
            return
        self._ends_session = True
        self._phase = _Phase.UNSUBSCRIBING
        client = self._source.client
        if client is not None and client.is_connected:
            self._subscriptions.take_back_all(client, now)
        self._step(now)

    def abandon(self, now: Moment) -> None:
        """Disconnect now; what is pending stays with the source's session, which sends it again."""
        if self._phase is not _Phase.FINISHED:
            self._finish()
            self._step(now)

    def _authenticate(self, connection: Connection, event: Reauthenticated | AuthenticationContinued) -> None:
        if isinstance(event, Reauthenticated):
            connection.reauthenticated()
            self._events.append(CredentialRenewed(connection.side))
        else:
            connection.challenged()

    def _side(self, side: Side) -> Connection:
        return self._source if side is _SOURCE else self._destination

    def _handle(self, side: Side, events: list[Event[Delivery]], now: Moment) -> None:
        if side is _SOURCE:
            receive = self._receive
            for event in events:
                if type(event) is MessageReceived:
                    receive(event, now)
                else:
                    self._handle_source(event, now)
                    if self._source.is_ending:
                        # We are leaving: what else came could not be acknowledged, and the server keeps it.
                        break
            return
        has_progressed = False
        for event in events:
            if type(event) is PublishesAccepted:
                has_progressed = True
                self._deliver(event.tokens, now)
            elif type(event) is PublishSettled:
                has_progressed = True
                if event.reason_code < 0x80:
                    self._deliver([event.token], now)
                else:
                    reason = f" ({event.reason_string})" if event.reason_string else ""
                    self._reject(event.token, event.reason_code, reason_name(event.reason_code) + reason)
            else:
                self._handle_destination(event, now)
        if has_progressed and self._watchdog.progress(now.monotonic):
            self._events.append(StallEnded(Side.DESTINATION))

    def _step(self, now: Moment) -> None:
        """Bring everything forward that the last event made possible; each public step ends here."""
        deliveries = self._deliveries
        destination = self._destination
        if deliveries.waiting:
            self._publish_waiting(now)
        source = self._source.client
        unacknowledged = 0 if source is None else source.unacknowledged
        # A server may send more than it may (mosquitto 2.0.11 does, whenever its queue is long); then no more is read.
        self._is_flooded = unacknowledged > self._window
        client = destination.client
        is_connected = client is not None and client.state is _CONNECTED
        is_held_up = len(deliveries.waiting) > 0 and not destination.is_writable
        self._watchdog.watch(is_connected and (len(self._inflight) > 0 or is_held_up), now.monotonic)
        if self._phase is not _RUNNING:
            self._stop()
        self.is_steady = (
            is_connected
            and source is not None
            and source.state is _CONNECTED
            and self._phase is _RUNNING
            and not self._is_flooded
        )

    def _stop(self) -> None:
        """Bring a stopping relay forward."""
        if self._phase is _Phase.DRAINING and self.pending() == 0:
            self._finish()
        if self._phase is _Phase.FINISHED and not self._has_reported:
            self._has_reported = self._source.client is None and self._destination.client is None
            if self._has_reported:
                self._events.append(Drained(self._unsettled))

    def _receive(self, event: MessageReceived, now: Moment) -> None:
        message = event.message
        packet_id = event.packet_id
        deliveries = self._deliveries
        counters = deliveries.counters
        counters.received += 1
        counters.bytes_received += len(message.payload)
        if self._quiet_at is not None:
            self._quiet_at = now.monotonic + QUIET_SECONDS
        if event.duplicate:
            counters.redelivered += 1
            if deliveries.join(message, packet_id):
                return
        if self._subscriptions.has_stale and not self._subscriptions.matches(message.topic):
            detail = "no filter of the data flow matches it any more"
            self._drop(packet_id, MessageDropped("unsubscribed", message.topic, detail))
            return
        if not packet_id and not deliveries.has_room_for(message):
            detail = (
                f"more than {deliveries.qos0_pending_bytes_max} bytes of QoS 0 messages would wait for the destination"
            )
            remedy = "publish with QoS 1, which holds the source back"
            self._drop(packet_id, MessageDropped("busy", message.topic, detail, remedy))
            return
        outgoing = self._outgoing(message, now)
        if isinstance(outgoing, Message):
            deliveries.add(message, outgoing, packet_id, now.monotonic)
        elif isinstance(outgoing, Dropped):
            self._drop(packet_id, MessageDropped(outgoing.reason, message.topic, outgoing.detail))
        else:
            counters.filtered += 1
            self._acknowledge(packet_id)

    def _drop(self, packet_id: int, event: MessageDropped) -> None:
        """End a message that never became a delivery."""
        self.counters.drop(event.reason)
        self._events.append(event)
        self._acknowledge(packet_id)

    def _acknowledge(self, packet_id: int) -> None:
        client = self._source.client
        if packet_id and client is not None:
            client.acknowledge(packet_id)

    def _publish_waiting(self, now: Moment) -> None:
        destination = self._destination
        client = destination.client
        waiting = self._deliveries.waiting
        if client is None or not client.is_connected or not destination.is_writable:
            return
        qos = self.plan.destination.qos
        room = client.room if qos else len(waiting)
        sent: list[Delivery] = []
        while room > 0 and waiting:
            delivery = waiting.popleft()
            message = delivery.outgoing
            if delivery.expires_at is not None:
                expiring = self._expiring(delivery, now)
                if expiring is None:
                    continue
                message = expiring
            try:
                client.publish(message, delivery)
            except LocalViolation as error:
                self._reject(delivery, error.reason_code, str(error))
                if client.is_closing:
                    break
                continue
            room -= 1
            if not qos:
                sent.append(delivery)
        if sent:
            self._deliver(sent, now)

    def _expiring(self, delivery: Delivery, now: Moment) -> Message | None:
        """Return the message with what is left of its life [MQTT-3.3.2-6], None where it has ended."""
        expiry = delivery.received.message_expiry_seconds
        if expiry is None or delivery.expires_at is None:
            return delivery.outgoing
        if now.monotonic >= delivery.expires_at and not delivery.was_sent:
            self.counters.expired += 1
            self._settle(delivery)
            return None
        left = max(1, expiry - int(now.monotonic - delivery.received_at))
        return replace(delivery.outgoing, message_expiry_seconds=left)

    def _settle(self, delivery: Delivery) -> None:
        """End a delivery's duty towards the source; the caller has counted what became of it."""
        packet_id = self._deliveries.settle(delivery)
        if packet_id and self._source.client is not None:
            self._source.client.acknowledge(packet_id)

    def _deliver(self, deliveries: list[Delivery], now: Moment) -> None:
        packet_ids = self._deliveries.deliver(deliveries, now.monotonic)
        if self._source.client is not None:
            self._source.client.accept(packet_ids)

    def _reject(self, delivery: Delivery, reason_code: int, detail: str) -> None:
        """Do with a refused message what the policy says: count it, or hold it and everything behind it."""
        rejection = publish_rejection(reason_code, self.plan.on_rejected)
        topic = delivery.outgoing.topic
        detail = f"the destination refused `{topic}`: {detail}"
        remedy = self._destination.message_remedy(reason_code) or rejection.remedy
        if rejection.action == "drop":
            self.counters.drop(rejection.label)
            self._events.append(MessageDropped(rejection.label, topic, detail, remedy))
            self._settle(delivery)
            return
        self._deliveries.hold(delivery)
        self._events.append(MessageHeld(reason_code, detail, remedy))
        self._destination.end(reason_code, detail, BACKOFF)

    def _handle_source(self, event: Event[Delivery], now: Moment) -> None:
        client = self._source.client
        assert client is not None
        if isinstance(event, ConnectionAccepted):
            self._source_accepted(event, client, now)
        elif isinstance(event, Subscribed):
            granted = self._subscriptions.granted(event)
            if isinstance(granted, SubscriptionRefused):
                self._source.end(granted.reason_code, granted.detail, subscribe_retry(granted.reason_code))
                return
            self._events += granted
            self._subscriptions.take_back_stale(client, now)
        elif isinstance(event, Unsubscribed):
            self._events.append(self._subscriptions.taken_back(event))
            if self._phase is _Phase.UNSUBSCRIBING:
                self._quiet_at = now.monotonic + QUIET_SECONDS
        elif isinstance(event, ConnectionClosing):
            self._source.end_for(event)
        elif isinstance(event, Reauthenticated | AuthenticationContinued):
            self._authenticate(self._source, event)

    def _handle_destination(self, event: Event[Delivery], now: Moment) -> None:
        client = self._destination.client
        assert client is not None
        if isinstance(event, ConnectionAccepted):
            self._destination_accepted(event, client, now)
        elif isinstance(event, PublishRefused):
            self._reject(event.token, event.reason_code, event.detail)
        elif isinstance(event, ConnectionClosing):
            self._destination.end_for(event)
        elif isinstance(event, Reauthenticated | AuthenticationContinued):
            self._authenticate(self._destination, event)

    def _source_accepted(
        self, event: ConnectionAccepted[Delivery], client: ClientConnection[Delivery], now: Moment
    ) -> None:
        self._events.append(ConnectionOpened(Side.SOURCE, event.session_present))
        if not event.session_present:
            self._deliveries.lose_source_session()
            self._subscriptions.lose_session()
        if event.session_lost:
            self._events.append(SessionLost(Side.SOURCE))
        if self._refuse(self._source, source_refusal(self.plan, event.limits)):
            return
        weakness = source_weakness(self.plan, event.limits)
        if weakness is not None:
            self._events.append(PromiseWeakened(Side.SOURCE, weakness.detail, weakness.remedy))
        if self._phase is _Phase.UNSUBSCRIBING:
            self._subscriptions.take_back_all(client, now)
        else:
            self._events.append(self._subscriptions.subscribe(client, now))

    def _destination_accepted(
        self, event: ConnectionAccepted[Delivery], client: ClientConnection[Delivery], now: Moment
    ) -> None:
        self._events.append(ConnectionOpened(Side.DESTINATION, event.session_present))
        if event.session_lost:
            self._events.append(SessionLost(Side.DESTINATION))
        self.counters.retried += self._deliveries.requeue(event.unsettled) + event.resent
        if not self._refuse(self._destination, destination_refusal(self.plan, event.limits)):
            self._handle(Side.DESTINATION, client.resume(), now)

    def _refuse(self, connection: Connection, shortcoming: Shortcoming | None) -> bool:
        """Do not run with a server that lacks what the flow needs; tell whether that is so."""
        if shortcoming is None:
            return False
        self._events.append(FlowRefused(connection.side, shortcoming.detail, shortcoming.remedy))
        connection.end(None, shortcoming.detail, SLOW)
        return True

    def _check_stall(self, now: Moment) -> None:
        waited = self._watchdog.limit_seconds
        verdict = self._watchdog.check(now.monotonic)
        if verdict == "suspected":
            self._events.append(StallSuspected(Side.DESTINATION, waited / 2))
        elif verdict == "stalled":
            self._events.append(Stalled(Side.DESTINATION, waited, self._watchdog.limit_seconds))
            detail = f"no acknowledgement for {waited:g} s while messages were in flight"
            self._destination.end(None, detail, NOW)

    def _finish(self) -> None:
        self._unsettled = self.pending()
        self._phase = _Phase.FINISHED
        self._quiet_at = None
        for connection in (self._source, self._destination):
            connection.is_final = True
            expiry = 0 if self._ends_session else None
            connection.end(None, "the data flow is stopping", NEVER, session_expiry_seconds=expiry)
