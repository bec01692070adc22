"""What the broker should be, as plain values: listeners, how clients prove who they are, and what they may do.

Knows what was decided from the Broker* resources. Does not know the resources, and holds no secret: credentials are named.
"""

from dataclasses import dataclass, field
from typing import Literal

from tidegate.broker.limits import BrokerLimits

__all__ = [
    "AccessRule",
    "BrokerPlan",
    "ListenerPlan",
    "MethodPlan",
    "PasswordMethod",
    "TlsAutomatic",
    "TlsManual",
    "TokenMethod",
    "X509Attributes",
    "X509Method",
]


@dataclass(frozen=True, slots=True)
class TlsAutomatic:
    """A certificate of the local authority. `names` are DNS names and addresses beside the usual ones."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsManual:
    """A certificate from the secret named (keys `tls.crt` and `tls.key`)."""

    secret: str


@dataclass(frozen=True, slots=True)
class TokenMethod:
    """`ServiceAccountToken`: a token of our own issuer, sent with `K8S-SAT` or as the password of that user."""

    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class X509Attributes:
    """Clients whose certificate's subject ends in `subject` have these attributes (facts 1.9)."""

    rule: str
    subject: str
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class X509Method:
    """`X509`: a client certificate whose chain ends in a certificate authority of the config map named."""

    trusted_client_ca_config_map: str
    attributes: tuple[X509Attributes, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordMethod:
    """User name and password, of the users that `tidegate user add` wrote down."""


MethodPlan = TokenMethod | X509Method | PasswordMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """Who may do what. A client it names (by any of its principals) may do what `connect`, `publish` and `subscribe` say.

    `client_ids`, `subjects`: names of clients; `attributes`: sets of attributes, one of which a client must have whole.
    `connect` has client ids it may connect with (empty: any), where `*` at the end stands for whatever follows; `publish`,
    `subscribe`: topic filters. In all of them `{principal.clientId}` and `{principal.attributes.NAME}` stand for the client's
    own.
    """

    client_ids: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    attributes: tuple[tuple[tuple[str, str], ...], ...] = ()
    may_connect: bool = False
    connect: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerPlan:
    """One port. `addresses` are those to bind: loopback, or all interfaces. `authentication` and `authorization` name entries
    of the plan, None for none."""

    name: str
    addresses: tuple[str, ...]
    port: int
    protocol: Literal["Mqtt", "WebSockets"] = "Mqtt"
    tls: TlsAutomatic | TlsManual | None = None
    authentication: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPlan:
    """The whole broker."""

    listeners: tuple[ListenerPlan, ...] = ()
    authentications: dict[str, tuple[MethodPlan, ...]] = field(default_factory=dict)
    authorizations: dict[str, tuple[AccessRule, ...]] = field(default_factory=dict)
    limits: BrokerLimits = field(default_factory=BrokerLimits)
