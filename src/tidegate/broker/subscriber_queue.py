"""The messages that wait for one session, bounded in number and bytes.

Knows their order, what is in memory and how much more is on disk. Does not know connections or the journal.
"""

from collections import deque
from collections.abc import Callable

import msgspec

from tidegate.broker.limits import BrokerLimits
from tidegate.broker.subscription import ShareGroup
from tidegate.message import Message, message_bytes

__all__ = ["Outgoing", "SubscriberQueue"]


class Outgoing(msgspec.Struct, gc=False):
    """A message on its way to one session.

    `expires_at` is in seconds of the monotonic clock; `sequence` is 0 for what is not on disk; `group` is the shared
    subscription it came by; `is_released` says that its PUBREC has come.
    """

    message: Message
    qos: int
    retain: bool
    subscription_ids: tuple[int, ...]
    expires_at: float | None
    sequence: int
    group: ShareGroup | None = None
    is_released: bool = False
    size: int = 0
    """What it counts against limits in bytes (`message_bytes`), once it waits."""


class SubscriberQueue:
    """What waits: the oldest in memory, and of a durable session the rest on disk."""

    __slots__ = ("_limits", "bytes_in_memory", "bytes_on_disk", "is_reading", "last_sequence", "on_disk", "waiting")

    def __init__(self, limits: BrokerLimits) -> None:
        self._limits = limits
        self.waiting: deque[Outgoing] = deque()
        self.bytes_in_memory = 0
        self.on_disk = 0
        self.bytes_on_disk = 0
        self.last_sequence = 0
        """The highest sequence that is or was in memory: what is on disk alone comes after it."""
        self.is_reading = False
        """Whether the host was asked for more from the disk."""

    def __len__(self) -> int:
        return len(self.waiting) + self.on_disk

    @property
    def size(self) -> int:
        """How many bytes wait, with topics and properties."""
        return self.bytes_in_memory + self.bytes_on_disk

    def has_room(self, size: int) -> bool:
        """Tell whether one more message may wait, of `size` in bytes (`message_bytes`)."""
        limits = self._limits
        return (
            len(self.waiting) + self.on_disk < limits.queued_messages_max
            and self.bytes_in_memory + self.bytes_on_disk + size <= limits.queued_bytes_max
        )

    def has_room_in_memory(self, size: int) -> bool:
        """Tell whether one more message may wait in memory."""
        limits = self._limits
        return (
            len(self.waiting) < limits.queued_in_memory_max
            and self.bytes_in_memory + size <= limits.queued_in_memory_bytes_max
        )

    @property
    def is_filling(self) -> bool:
        """Whether half of the room in memory is taken."""
        limits = self._limits
        return (
            len(self.waiting) * 2 > limits.queued_in_memory_max
            or self.bytes_in_memory * 2 > limits.queued_in_memory_bytes_max
        )

    def append(self, outgoing: Outgoing) -> None:
        """Let a message wait in memory."""
        self.waiting.append(outgoing)
        outgoing.size = outgoing.size or message_bytes(outgoing.message)
        self.bytes_in_memory += outgoing.size
        if outgoing.sequence:
            self.last_sequence = outgoing.sequence

    def leave_on_disk(self, size: int) -> None:
        """Let a message wait on disk alone."""
        self.on_disk += 1
        self.bytes_on_disk += size

    def pop(self) -> Outgoing:
        """Take the oldest from memory."""
        outgoing = self.waiting.popleft()
        self.bytes_in_memory -= outgoing.size
        return outgoing

    def take_from_disk(self, outgoing: Outgoing) -> None:
        """Let a message that waited on disk wait in memory."""
        self.on_disk -= 1
        self.bytes_on_disk -= message_bytes(outgoing.message)
        self.append(outgoing)

    def keep(self, is_kept: Callable[[Outgoing], bool]) -> None:
        """Forget what waits in memory and is not to be kept."""
        self.waiting = deque(outgoing for outgoing in self.waiting if is_kept(outgoing))
        self.bytes_in_memory = sum(outgoing.size for outgoing in self.waiting)

    def clear(self) -> None:
        """Forget everything."""
        self.waiting.clear()
        self.bytes_in_memory = self.on_disk = self.bytes_on_disk = 0
