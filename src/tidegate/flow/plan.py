"""Resources resolved into something runnable, as plain frozen values that compare by content.

Knows what a relay and its connections need. Does not know resources, where they were written, or secrets: those are
named here and read when a connection is made, so that a rotated secret changes no plan.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from tidegate.settings import OnRejected
from tidegate.transform.spec import TransformSpec

__all__ = [
    "EVENT_GRID",
    "AnonymousPlan",
    "AuthenticationPlan",
    "DatasetsPlan",
    "EndpointPlan",
    "FlowPlan",
    "SidePlan",
    "SystemIdentityPlan",
    "TlsPlan",
    "TokenAuthentication",
    "TokenPlan",
    "UserIdentityPlan",
    "X509Plan",
]


EVENT_GRID = "Event Grid"
"""The `service_type` of an Event Grid namespace (facts 8.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPlan:
    """TLS towards one host; `ca_config_map` names the config map of trusted CAs, None for the system's public roots."""

    ca_config_map: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousPlan:
    """No credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class X509Plan:
    """A TLS client certificate out of the named secret."""

    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlan:
    """A service account token for `audience` (facts 5.1)."""

    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemIdentityPlan:
    """An access token of the machine's own managed identity for `audience` (facts 5.3)."""

    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentityPlan:
    """An access token of the managed identity `client_id` in `tenant_id`; `audience` is `scope` without `/.default`."""

    client_id: str
    tenant_id: str
    scope: str
    audience: str


TokenAuthentication = TokenPlan | SystemIdentityPlan | UserIdentityPlan
"""What is presented as a token by enhanced authentication (section 4.12), and can be renewed on a live connection."""

AuthenticationPlan = AnonymousPlan | X509Plan | TokenAuthentication


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """How to reach one broker. `path` is used by WebSockets only; `tls` None means plaintext.

    `is_embedded` says that the broker of this process is meant, whatever its name resolves to.
    `service_type` is the metric label of facts 8.1, for example `Local AIO MQTT Broker`.
    """

    name: str
    host: str
    port: int
    transport: Literal["tcp", "websocket"]
    path: str
    tls: TlsPlan | None
    authentication: AuthenticationPlan
    service_type: str
    is_embedded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SidePlan:
    """One of the two connections of a data flow: its endpoint and the connection settings of that endpoint.

    `requests_persistence` asks the broker, in CONNECT, to keep the session on disk (facts 1.9 and 2.7).
    """

    endpoint: EndpointPlan
    client_id: str
    qos: int
    keep_alive_seconds: int
    session_expiry_seconds: int
    receive_maximum: int
    requests_persistence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetsPlan:
    """Where the records of a flow's data sets come from: `keys` of the state store at a broker, or files of a folder.

    `store` is None where there is a `folder`. `client_id` and `keep_alive_seconds` are of the connection to the store.
    """

    keys: tuple[str, ...]
    store: EndpointPlan | None = None
    client_id: str = ""
    keep_alive_seconds: int = 60
    folder: PurePath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPlan:
    """One running copy of a data flow: instance `ordinal` of it in its profile.

    `topic_filters` are as sent in SUBSCRIBE, a `$share/` prefix included. `retain_mode` and the transformation are the
    destination's. `hops_max` is None where hops are not counted, `echoes_of` are client identifiers whose messages are not
    taken, and `leaves_mark` says that somebody looks for this one's. `datasets` is None exactly where the transformation has
    none. Units are in the names; see `settings.Settings` for the limits.
    """

    name: str
    profile: str
    ordinal: int
    source: SidePlan
    destination: SidePlan
    topic_filters: tuple[str, ...]
    retain_mode: Literal["Keep", "Never"]
    transform: TransformSpec
    stall_seconds: float
    stall_seconds_max: float
    qos0_pending_bytes_max: int
    packet_bytes_max: int | None
    on_rejected: OnRejected | None
    hops_max: int | None = None
    echoes_of: frozenset[str] = frozenset()
    leaves_mark: bool = False
    datasets: DatasetsPlan | None = None
