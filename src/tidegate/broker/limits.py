"""Every limit of the broker, with its name and its default.

Knows numbers. Does not know where they are declared.
"""

from dataclasses import dataclass
from typing import Literal

from tidegate.broker.features import ALL_FEATURES, BrokerFeatures
from tidegate.mqtt.server_settings import ServerSettings

__all__ = ["SESSION_NEVER_EXPIRES", "BrokerLimits", "DurableSessions", "QueueStrategy"]

SESSION_NEVER_EXPIRES = 0xFFFF_FFFF
"""The Session Expiry Interval that means for ever (section 3.1.2.11.2)."""

QueueStrategy = Literal["None", "DropOldest"]
DurableSessions = Literal["expiring", "asked", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLimits:
    """What one client, one session and all of them together may take.

    `durable_sessions`: which sessions are kept on disk: all that outlive their connection, those that ask by the user
    property `persistence_property` (facts 1.9), or none.
    `overhead_bytes_max`: every packet but PUBLISH, and the properties of PUBLISH.
    `session_expiry_seconds_max`, `message_expiry_seconds_max`, `keep_alive_seconds_max`: None for no limit of ours.
    `queued_*`: of one session, waiting messages and their bytes with topic and properties; `queued_in_memory_max` of them
    in memory, the rest of a durable session on disk. `queue_strategy` is `subscriberQueueLimit.strategy`.
    `retained_bytes_max`: the same of retained messages, and the tree of their topics. `subscription_levels_max`: levels of
    the filters of all sessions, counted once where filters share them; each takes about half a kilobyte.
    `state_*`: of the state store; `state_bytes_max` is of all keys and values, `state_watches_max` of one session.
    `output_bytes_max`: above this many bytes written to a client and not taken, nothing more is written to it.
    `held_back_seconds_max`: how long a MQTT 3.1.1 publisher is held back for a durable queue without room.
    """

    connections_max: int = 10_000
    connections_per_address_max: int = 10_000
    connect_timeout_seconds: float = 10.0
    connect_bytes_max: int = 256 * 1024
    packet_bytes_max: int = 16 * 1024 * 1024
    overhead_bytes_max: int = 256 * 1024
    receive_maximum: int = 1_024
    send_maximum: int = 65_535
    topic_alias_maximum: int = 64
    session_expiry_seconds_max: int | None = None
    message_expiry_seconds_max: int | None = None
    keep_alive_seconds_max: int | None = None
    sessions_max: int = 100_000
    queued_messages_max: int = 1_000_000
    queued_bytes_max: int = 1024 * 1024 * 1024
    queued_in_memory_max: int = 20_000
    queued_in_memory_bytes_max: int = 64 * 1024 * 1024
    queue_strategy: QueueStrategy = "None"
    subscriptions_per_session_max: int = 100_000
    subscription_levels_max: int = 2_000_000
    retained_messages_max: int = 1_000_000
    retained_bytes_max: int = 1024 * 1024 * 1024
    topic_levels_max: int = 128
    topic_bytes_max: int = 4_096
    client_id_bytes_max: int = 1_024
    user_properties_max: int = 256
    authentication_failures_max: int = 20
    authentication_failures_seconds: float = 60.0
    state_keys_max: int = 100_000
    state_key_bytes_max: int = 1_024
    state_bytes_max: int = 256 * 1024 * 1024
    state_watches_max: int = 10_000
    durable_sessions: DurableSessions = "expiring"
    persistence_property: tuple[str, str] = ("aio-persistence", "true")
    statistics_seconds: float = 10.0
    features: BrokerFeatures = ALL_FEATURES

    @property
    def of_one_connection(self) -> ServerSettings:
        """Those that hold for what one client may send on one Network Connection."""
        return ServerSettings(
            packet_bytes_max=self.packet_bytes_max,
            connect_bytes_max=self.connect_bytes_max,
            overhead_bytes_max=self.overhead_bytes_max,
            receive_maximum=self.receive_maximum,
            topic_alias_maximum=self.topic_alias_maximum,
            topic_levels_max=self.topic_levels_max,
            topic_bytes_max=self.topic_bytes_max,
            user_properties_max=self.user_properties_max,
        )
