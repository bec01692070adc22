"""A received message with the duty to settle it, exactly once.

Knows one message on its way. Does not know connections; `relay` holds deliveries and settles them.
"""

import msgspec

from tidegate.message import Message

__all__ = ["Delivery"]


class Delivery(msgspec.Struct, gc=False, eq=False):
    """One message between its two brokers.

    `received` came from the source, `outgoing` goes to the destination. `packet_id` is 0 for QoS 0. `epoch` is the life of
    the source connection that `packet_id` belongs to: a settlement of an earlier one acknowledges nothing. `sequence` is
    the order of arrival; `received_at` and `expires_at` are seconds of the monotonic clock. What `was_sent` does not expire here
    any more, for the destination may have it.
    """

    received: Message
    outgoing: Message
    packet_id: int
    epoch: int
    sequence: int
    received_at: float
    expires_at: float | None
    is_settled: bool = False
    was_sent: bool = False

    def settle(self) -> None:
        """End the duty.

        Raises:
            AssertionError: it had ended before, which would be counted twice.
        """
        assert not self.is_settled, f"delivery {self.sequence} is settled twice"
        self.is_settled = True
