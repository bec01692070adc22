"""`Broker`: the embedded broker as a whole (facts 1.9).

Knows its settings and which of them have an effect. Does not know its listeners, or who its clients are.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field

from tidegate.resources.base import Model, Resource, without_effect
from tidegate.resources.values import NonEmpty, UnsignedInt32

__all__ = [
    "Advanced",
    "Broker",
    "BrokerPart",
    "BrokerSpec",
    "Clients",
    "DynamicSettings",
    "Persistence",
    "RetainPersistence",
    "StateStorePersistence",
    "SubscriberQueueLimit",
    "SubscriberQueuePersistence",
]


class SubscriberQueueLimit(Model):
    """How much may wait for one subscriber."""

    length: int = Field(default=1_000_000, ge=1, description="Messages that may wait for one session.")
    strategy: Literal["None", "DropOldest"] = Field(
        default="None",
        description="When no more fit: `None` refuses new ones to their publisher, `DropOldest` drops the oldest.",
    )


class Clients(Model):
    """Limits of the broker's clients."""

    max_session_expiry_seconds: UnsignedInt32 | None = Field(
        default=None, description="Longest time in seconds that a session outlives its connection; none by default."
    )
    max_message_expiry_seconds: UnsignedInt32 | None = Field(
        default=None, description="Longest life of a message in seconds; none by default."
    )
    max_packet_size_bytes: int = Field(
        default=16 * 1024 * 1024, ge=1_024, le=268_435_455, description="Largest packet in bytes that is taken."
    )
    subscriber_queue_limit: SubscriberQueueLimit = Field(
        default=SubscriberQueueLimit(), description="How much may wait for one subscriber."
    )
    max_receive_maximum: int = Field(
        default=65_535, ge=1, le=65_535, description="Most messages in flight to one client, whatever it asks for."
    )
    max_keep_alive_seconds: int | None = Field(
        default=None, ge=1, le=65_535, description="Longest keep alive in seconds; none by default."
    )


class Advanced(Model):
    """Advanced settings of the broker."""

    clients: Clients = Field(default=Clients(), description="Limits of the broker's clients.")
    # Any: it concerns traffic between pods, of which there are none here.
    encrypt_internal_traffic: Any = without_effect("the broker is one process")
    internal_certs: Any = without_effect("the broker is one process")


class DynamicSettings(Model):
    """The user property by which clients ask."""

    user_property_key: NonEmpty = Field(default="aio-persistence", description="Name of the user property.")
    user_property_value: str = Field(default="true", description="Its value.")


class SubscriberQueuePersistence(Model):
    """Of whom sessions are kept on disk, with what waits for them."""

    mode: Literal["All", "Custom", "None"] = Field(
        description="`All` are those that outlive their connection, `Custom` those whose client asks, `None` nobody's."
    )
    # Any: a list of clients, who can ask as well.
    subscriber_queue_settings: Any = without_effect("clients ask, by the user property of `dynamicSettings`")


class RetainPersistence(Model):
    """Which retained messages are kept on disk: all of them."""

    mode: Literal["All", "Custom", "None"] = Field(description="Whatever it is, all are kept; a note says so.")
    # Any: a list of topics.
    retain_settings: Any = without_effect("all retained messages are kept on disk")


class StateStorePersistence(Model):
    """Which keys of the state store are kept on disk: all of them."""

    mode: Literal["All", "Custom", "None"] = Field(description="Whatever it is, all are kept; a note says so.")
    # Any: a list of keys.
    state_store_settings: Any = without_effect("all keys of the state store are kept on disk")


class Persistence(Model):
    """What is kept on disk."""

    sessions: Literal["Expiring", "Asked", "None"] | None = Field(
        default=None,
        description="Tidegate's own: `Expiring` keeps sessions that outlive their connection, `Asked` only those whose "
        "client asks, `None` nothing. Default: as `subscriberQueue` says, else `Expiring`.",
    )
    dynamic_settings: DynamicSettings = Field(
        default=DynamicSettings(), description="The user property by which clients ask."
    )
    subscriber_queue: SubscriberQueuePersistence | None = Field(default=None, description="Whose sessions are kept.")
    retain: RetainPersistence | None = Field(default=None, description="Which retained messages are kept.")
    state_store: StateStorePersistence | None = Field(default=None, description="Which keys are kept.")
    # Any: where and how a cluster keeps it concerns no process of one machine.
    max_size: Any = without_effect("the limits are `subscriberQueueLimit`, and the size of the disk")
    encryption: Any = Field(default=None, description="Has no effect, with a warning: an encrypted volume does it.")
    persistent_volume_claim_spec: Any = without_effect("it is kept in the data directory")

    @property
    def kept_sessions(self) -> Literal["Expiring", "Asked", "None"]:
        """What `sessions` is, or comes to."""
        if self.sessions is not None:
            return self.sessions
        if self.subscriber_queue is None:
            return "Expiring"
        return _KEPT_SESSIONS[self.subscriber_queue.mode]


_KEPT_SESSIONS: dict[str, Literal["Expiring", "Asked", "None"]] = {"All": "Expiring", "Custom": "Asked", "None": "None"}


class BrokerSpec(Model):
    """The broker itself."""

    advanced: Advanced = Field(default=Advanced(), description="Advanced settings.")
    persistence: Persistence = Field(default=Persistence(), description="What is kept on disk.")
    # Any: replicas, memory and pods of a cluster, of which there are none here.
    cardinality: Any = without_effect("the broker is one process")
    diagnostics: Any = without_effect("logs and metrics are those of the engine")
    disk_backed_message_buffer: Any = without_effect("what waits for durable sessions is on disk anyway")
    generate_resource_limits: Any = without_effect("the broker runs in no container of its own")
    memory_profile: Any = without_effect("memory is bounded by `subscriberQueueLimit` and the broker's other limits")


class Broker(Resource):
    """The embedded broker; one exists, `default`."""

    kind_name: ClassVar[str] = "Broker"

    spec: BrokerSpec = Field(default=BrokerSpec(), description="Settings of the broker.")


class BrokerPart(Model):
    """The spec of something that belongs to a broker."""

    broker_ref: NonEmpty = Field(default="default", description="Broker it belongs to; one exists, `default`.")
