"""One client's Network Connection, as the broker has it.

Knows what may leave now and what waits for a commit, in order. Does not know messages' ways.
"""

from collections import deque

from tidegate.broker.access import ALLOW_ALL, Access, AccessRules
from tidegate.broker.deadlines import Deadline
from tidegate.broker.identity import Basis, Identity
from tidegate.broker.promises import Promises
from tidegate.broker.session import Session
from tidegate.moment import Moment
from tidegate.mqtt.aliases import OutboundAliases
from tidegate.mqtt.packets import ConnectPacket, encode_puback_run
from tidegate.mqtt.server import ServerConnection, ServerEvent
from tidegate.mqtt.server_settings import ServerSettings

__all__ = ["HELD_ANSWERS_MAX", "OUTPUT_BYTES_MAX", "UNREAD_BYTES_MAX", "Connection", "ListenerPolicy"]

OUTPUT_BYTES_MAX = 512 * 1024
"""Above this many bytes for one client in one turn of the loop, the rest of its messages wait for the next."""

HELD_ANSWERS_MAX = 4_096
"""With more answers that wait for a commit, a client is not read: it could ask without end while the disk is slow."""

UNREAD_BYTES_MAX = 1024 * 1024
"""With more bytes of answers than this while a client takes none, it is let go: it could ask without end and never read."""


class ListenerPolicy:
    """What a listener asks of its clients. `rules` None allows everything."""

    __slots__ = ("needs_authentication", "rules")

    def __init__(self, *, needs_authentication: bool = False, rules: AccessRules | None = None) -> None:
        self.needs_authentication = needs_authentication
        self.rules = rules

    def access_of(self, identity: Identity) -> Access:
        """Return what a client may do here."""
        return ALLOW_ALL if self.rules is None else self.rules.for_identity(identity)


class Connection:
    """A client's connection. The host writes `output`, closes when `wants_close`, reads while `wants_reading`."""

    __slots__ = (
        "_held_bytes",
        "_promises",
        "access",
        "aliases",
        "authentication_method",
        "barrier",
        "basis",
        "certificates_der",
        "close_detail",
        "close_reason_code",
        "credential_expires_wall",
        "deadline",
        "due_at",
        "expiry_asked_seconds",
        "held",
        "identity",
        "is_challenged",
        "is_deciding",
        "is_dirty",
        "is_held_back",
        "is_lost",
        "is_writable",
        "keep_alive_seconds",
        "not_resent",
        "opened_at",
        "output",
        "output_bytes",
        "packet_bytes_max",
        "peer",
        "pending_connect",
        "policy",
        "protocol",
        "qos2_open",
        "send_quota",
        "session",
        "stalled",
        "to_resend",
        "unacknowledged",
        "unread_bytes",
        "wants_close",
    )

    def __init__(
        self,
        policy: ListenerPolicy,
        settings: ServerSettings,
        promises: Promises,
        now: Moment,
        peer: str,
        certificates_der: tuple[bytes, ...],
    ) -> None:
        self.policy = policy
        self.peer = peer
        self.certificates_der = certificates_der
        self.protocol = ServerConnection(settings, now)
        self._promises = promises
        self.opened_at = now.monotonic
        self.session: Session | None = None
        self.identity = Identity("")
        self.basis: Basis | None = None
        self.access: Access = ALLOW_ALL
        self.output: list[bytes] = []
        self.output_bytes = 0
        self.held: deque[tuple[int, bytes, int]] = deque()
        """What waits for a commit: the batch's number, the bytes, and how many received messages they acknowledge."""
        self.unacknowledged = 0
        """How many received messages wait for an acknowledgement that a commit holds back."""
        self._held_bytes = 0
        self.barrier = 0
        """While CONNACK waits for a commit, the number of that: nothing may leave before it."""
        self.is_writable = True
        self.is_dirty = False
        self.is_deciding = False
        """Whether a verdict on its credentials is awaited; meanwhile it is not read."""
        self.is_challenged = False
        """Whether it was sent AUTH 0x18 and has not answered yet."""
        self.is_held_back = False
        self.is_lost = False
        self.wants_close = False
        self.stalled: list[ServerEvent] = []
        """What was received and waits until a queue has room (MQTT 3.1.1)."""
        self.send_quota = 0
        self.qos2_open = 0
        """How many received QoS 2 messages wait for their PUBREL, which counts against our Receive Maximum."""
        self.packet_bytes_max: int | None = None
        """The longest packet that the client takes, None for any length."""
        self.aliases: OutboundAliases | None = None
        self.to_resend: deque[int] = deque()
        """Packet identifiers of the session's messages in flight, until each was sent on this connection."""
        self.not_resent: set[int] = set()
        """The same without those that were settled meanwhile."""
        self.unread_bytes = 0
        """Answers that were made while the client took nothing."""
        self.keep_alive_seconds = 0
        self.due_at: float | None = None
        self.deadline: Deadline | None = None
        """When the broker looks at what is due here next."""
        self.credential_expires_wall: float | None = None
        self.authentication_method: str | None = None
        self.pending_connect: ConnectPacket | None = None
        """The CONNECT until its client is let in or refused; then it is let go with the secrets in it."""
        self.expiry_asked_seconds = 0
        """The Session Expiry Interval of CONNECT, whatever was granted."""
        self.close_reason_code: int | None = None
        self.close_detail = ""

    @property
    def wants_reading(self) -> bool:
        """Whether the socket is to be read."""
        return not (self.is_deciding or self.is_held_back or self.wants_close or len(self.held) > HELD_ANSWERS_MAX)

    @property
    def is_ready(self) -> bool:
        """Whether more messages may be put into the output now."""
        return self.is_writable and self.output_bytes + self._held_bytes < OUTPUT_BYTES_MAX

    def takes(self, packet: bytes) -> bool:
        """Tell whether a packet is no longer than the client takes [MQTT-3.1.2-24]."""
        return self.packet_bytes_max is None or len(packet) <= self.packet_bytes_max

    def send(self, data: bytes) -> None:
        """Send bytes, after CONNACK in any case."""
        if not self.is_writable:
            self.unread_bytes += len(data)
        if self.barrier:
            self.held.append((self.barrier, data, 0))
            self._held_bytes += len(data)
            return
        self.output.append(data)
        self.output_bytes += len(data)

    def send_after(self, number: int, data: bytes, acknowledged: int = 0) -> None:
        """Send bytes once batch `number` is committed, and after all that waits already; 0 stands for at once."""
        if not self.is_writable:
            self.unread_bytes += len(data)
        held = self.held
        if held:
            number = max(number, held[-1][0])
        elif number <= self._promises.committed:
            self.output.append(data)
            self.output_bytes += len(data)
            return
        if not held or held[-1][0] != number:
            self._promises.await_commit(number, self)
        held.append((number, data, acknowledged))
        self.unacknowledged += acknowledged
        self._held_bytes += len(data)

    def accept_run(self, number: int, packet_ids: list[int]) -> None:
        """Acknowledge received QoS 1 messages with success, once batch `number` is committed."""
        self.send_after(number, encode_puback_run(packet_ids), len(packet_ids))

    def release(self) -> None:
        """Move what is committed into the output; nothing of it follows the last word [MQTT-3.14.4-1]."""
        committed = self._promises.committed
        held = self.held
        if self.wants_close:
            held.clear()
        while held and held[0][0] <= committed:
            _, data, acknowledged = held.popleft()
            self.unacknowledged -= acknowledged
            self._held_bytes -= len(data)
            self.output.append(data)
            self.output_bytes += len(data)
        if self.barrier and self.barrier <= committed:
            self.barrier = 0

    def take_output(self) -> list[bytes]:
        """Return and forget the bytes to write."""
        output, self.output = self.output, []
        self.output_bytes = 0
        return output

    def discard(self) -> None:
        """Forget what was not sent; the connection is gone."""
        self.output = []
        self.output_bytes = 0
        self.held.clear()
        self.unacknowledged = self._held_bytes = 0
        self.stalled.clear()
        self.to_resend.clear()
        self.not_resent.clear()
