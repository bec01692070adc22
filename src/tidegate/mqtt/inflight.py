"""Published QoS 1 messages that the server has not acknowledged: the part of Session State that must not be lost.

Knows messages, their packet ids and their order. Does not know connections: what is here outlives them [MQTT-4.4.0-1].
"""

from typing import Generic, TypeVar

from tidegate.message import Message

__all__ = ["Inflight", "Token"]

Token = TypeVar("Token")


class Inflight(Generic[Token]):
    """Messages by packet id, in the order in which they were first sent. `Token` is the sender's own word for one."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[Message, Token]] = {}
        """By packet id, in order."""

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, packet_id: int, message: Message, token: Token) -> None:
        """Note a message that is sent for the first time."""
        self.entries[packet_id] = (message, token)

    def settle(self, packet_id: int) -> Token | None:
        """Remove a message and return its token, None where the packet id is not in flight."""
        entry = self.entries.pop(packet_id, None)
        return None if entry is None else entry[1]

    def message(self, packet_id: int) -> Message:
        """Return the message in flight under `packet_id`."""
        return self.entries[packet_id][0]

    def packet_ids(self) -> list[int]:
        """Return the packet ids in the order in which the messages were sent [MQTT-4.6.0-1]."""
        return list(self.entries)

    def first(self) -> Token | None:
        """Return the token of the message that was sent first, None when nothing is in flight."""
        for _, token in self.entries.values():
            return token
        return None

    def tokens(self) -> list[Token]:
        """Return the tokens in the order in which the messages were sent."""
        return [token for _, token in self.entries.values()]

    def clear(self) -> None:
        """Forget everything, as when the server has lost the session."""
        self.entries.clear()
