"""The topics of the state store, as the public page on its protocol names them.

Knows names. Does not know commands.
"""

__all__ = ["INVOKE_TOPIC", "NOTIFICATION_TOPICS", "notification_topic"]

_STORE = "statestore/v1/FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8"

INVOKE_TOPIC = f"{_STORE}/command/invoke"
"""Where requests go. Nobody but the store gets them."""

NOTIFICATION_TOPICS = f"clients/{_STORE}/"
"""What all topics of notifications begin with."""


def notification_topic(client_id: str, key: bytes) -> str:
    """Return where one client is told that a key changed."""
    return f"{NOTIFICATION_TOPICS}{client_id.encode().hex().upper()}/command/notify/{key.hex().upper()}"
