"""An Application Message that came over a connection.

Knows what its owner needs to answer it. Does not know the packet it came in.
"""

import msgspec

from tidegate.message import Message

__all__ = ["MessageReceived"]


class MessageReceived(msgspec.Struct, frozen=True, gc=False):
    """An Application Message came. `packet_id` is 0 for QoS 0; any other has to be acknowledged."""

    message: Message
    packet_id: int
    duplicate: bool
