"""A session: what outlives its Network Connections.

Knows its parts. Does not know what is done with them (`sessions`, `delivery`).
"""

from typing import TYPE_CHECKING

from tidegate.broker.access import ALLOW_ALL, Access
from tidegate.broker.deadlines import Deadline
from tidegate.broker.identity import Identity
from tidegate.broker.journal import SessionRecord, WillRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.rate import Rate
from tidegate.broker.subscriber_queue import Outgoing, SubscriberQueue
from tidegate.broker.subscription import Subscription
from tidegate.mqtt.packet_ids import PacketIds
from tidegate.mqtt.wire import Wire

if TYPE_CHECKING:
    from tidegate.broker.connection import Connection, ListenerPolicy

__all__ = ["Session"]


class Session:
    """One client's session (section 4.1). `ends_at` and `will_at` are in seconds of the monotonic clock while they run."""

    __slots__ = (
        "access",
        "client_id",
        "connection",
        "deadlines",
        "disconnected_wall",
        "ends_at",
        "expiry_seconds",
        "held_back",
        "identity",
        "inflight",
        "intake_rate",
        "is_durable",
        "number",
        "packet_ids",
        "policy",
        "progress_at",
        "queue",
        "received_qos2",
        "retained_due",
        "subscriptions",
        "will",
        "will_at",
        "wire",
    )

    def __init__(self, number: int, client_id: str, identity: Identity, wire: Wire, limits: BrokerLimits) -> None:
        self.number = number
        self.client_id = client_id
        self.identity = identity
        self.wire = wire
        self.access: Access = ALLOW_ALL
        """What its client may do, for what happens while it is not connected."""
        self.policy: ListenerPolicy | None = None
        """That of the listener it came by last."""
        self.expiry_seconds = 0
        self.is_durable = False
        """Whether it is kept on disk."""
        self.subscriptions: dict[str, Subscription] = {}
        self.queue = SubscriberQueue(limits)
        self.inflight: dict[int, Outgoing] = {}
        self.packet_ids = PacketIds(self.inflight)
        self.received_qos2: set[int] = set()
        self.retained_due: dict[str, None] = {}
        """Subscriptions, by their filter, whose retained messages are to be sent once there is room for them."""
        self.intake_rate: Rate | None = None
        """How often its client may publish, where that is limited."""
        self.connection: Connection | None = None
        self.disconnected_wall: float | None = None
        self.will: WillRecord | None = None
        self.will_at: float | None = None
        self.ends_at: float | None = None
        self.deadlines: list[Deadline] = []
        """For its end and its will, while nobody is connected."""
        self.held_back: list[Connection] = []
        """Publishers that are not read until there is room here."""
        self.progress_at = 0.0
        """When the client took a message last."""

    def record(self) -> SessionRecord:
        """Return what goes to disk of the session itself."""
        return SessionRecord(
            self.number,
            self.client_id,
            self.identity,
            self.wire.value,
            self.expiry_seconds,
            self.disconnected_wall,
            self.will,
        )
