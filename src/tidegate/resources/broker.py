"""`Broker`: the embedded broker as a whole (facts 1.9).

Knows its settings and which of them have an effect. Does not know its listeners, or who its clients are.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field

from tidegate.resources.base import Model, Resource
from tidegate.resources.values import NonEmpty, UnsignedInt32

__all__ = ["Advanced", "Broker", "BrokerPart", "BrokerSpec", "Clients", "Persistence", "SubscriberQueueLimit"]


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
    encrypt_internal_traffic: Any = Field(default=None, description="Kept, without effect: there is one process.")
    internal_certs: Any = Field(default=None, description="Kept, without effect: there is one process.")


class Persistence(Model):
    """What is kept on disk for clients that ask for it (user property `aio-persistence`)."""

    sessions: Literal["Expiring", "Asked", "None"] = Field(
        default="Expiring",
        description="Tidegate's own: `Expiring` keeps sessions that outlive their connection, `Asked` only those whose "
        "client sends the user property `aio-persistence`, `None` nothing.",
    )
    # Any: where and how a cluster keeps it concerns no process of one machine.
    max_size: Any = Field(default=None, description="Kept, without effect: the disk is the limit.")
    encryption: Any = Field(default=None, description="Has no effect, with a warning: an encrypted volume does it.")
    dynamic_settings: Any = Field(default=None, description="Kept, without effect.")
    retain: Any = Field(default=None, description="Kept, without effect: retained messages are always kept.")
    state_store: Any = Field(default=None, description="Kept, without effect.")
    subscriber_queue: Any = Field(default=None, description="Kept, without effect: see `sessions`.")
    persistent_volume_claim_spec: Any = Field(default=None, description="Kept, without effect.")


class BrokerSpec(Model):
    """The broker itself."""

    advanced: Advanced = Field(default=Advanced(), description="Advanced settings.")
    persistence: Persistence = Field(default=Persistence(), description="What is kept on disk.")
    # Any: replicas, memory and pods of a cluster, of which there are none here.
    cardinality: Any = Field(default=None, description="Kept, without effect: the broker is one process.")
    diagnostics: Any = Field(default=None, description="Kept, without effect.")
    disk_backed_message_buffer: Any = Field(default=None, description="Kept, without effect.")
    generate_resource_limits: Any = Field(default=None, description="Kept, without effect.")
    memory_profile: Any = Field(default=None, description="Kept, without effect.")


class Broker(Resource):
    """The embedded broker; one exists, `default`."""

    kind_name: ClassVar[str] = "Broker"

    spec: BrokerSpec = Field(default=BrokerSpec(), description="Settings of the broker.")


class BrokerPart(Model):
    """The spec of something that belongs to a broker."""

    broker_ref: NonEmpty = Field(default="default", description="Broker it belongs to; one exists, `default`.")
