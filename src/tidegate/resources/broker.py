"""`Broker`, `BrokerListener`, `BrokerAuthentication` and `BrokerAuthorization`: the embedded broker (facts 1.9).

Knows their shapes. Does not know which of them refer to each other (`broker_rules`).
"""

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource
from tidegate.resources.certificate_subject import SubjectError, canonical_subject
from tidegate.resources.values import ConfigMapRef, NonEmpty, SecretRef, UnsignedInt32

__all__ = [
    "Advanced",
    "AuthorizationAttributes",
    "AuthorizationPolicies",
    "AuthorizationRule",
    "Broker",
    "BrokerAuthentication",
    "BrokerAuthenticationSpec",
    "BrokerAuthorization",
    "BrokerAuthorizationSpec",
    "BrokerListener",
    "BrokerListenerSpec",
    "BrokerPart",
    "BrokerResource",
    "BrokerSpec",
    "CertManagerCertificateSpec",
    "Clients",
    "ListenerPort",
    "ListenerTls",
    "ManualCertificate",
    "Method",
    "Persistence",
    "Principals",
    "ServiceAccountTokenSettings",
    "SubjectAlternativeNames",
    "SubscriberQueueLimit",
    "X509Settings",
]

METHOD_BLOCKS = {
    "ServiceAccountToken": "serviceAccountTokenSettings",
    "X509": "x509Settings",
    "UsernamePassword": None,
    "Custom": "customSettings",
}


T = TypeVar("T")


def _subject(text: str) -> str:
    try:
        return canonical_subject(text)
    except SubjectError as error:
        hint = "write it as `CN=press-1,O=Plant`; `openssl x509 -noout -subject -nameopt RFC2253` shows it so"
        raise PydanticCustomError(
            "subject", "{detail}", {"detail": f"subject is `{text}`: {error}", "hint": hint}
        ) from None


def _some(items: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse an empty list; pydantic's own bound also counts items that are wrong in themselves."""
    if not items:
        detail = "there is none here, and at least one is needed"
        raise PydanticCustomError("empty", "{detail}", {"detail": detail, "hint": "add one"})
    return items


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


class SubjectAlternativeNames(Model):
    """Names and addresses of a certificate beside the usual ones."""

    dns: tuple[NonEmpty, ...] = Field(default=(), description="DNS names.")
    ip: tuple[NonEmpty, ...] = Field(default=(), description="IP addresses.")


class CertManagerCertificateSpec(Model):
    """What the automatic certificate holds; it is made by the local authority."""

    san: SubjectAlternativeNames = Field(
        default=SubjectAlternativeNames(), description="Names beside `aio-broker`, `localhost` and loopback."
    )
    # Any: they concern an issuer in a cluster.
    issuer_ref: Any = Field(default=None, description="Kept, without effect: the local authority issues it.")
    duration: Any = Field(default=None, description="Kept, without effect: 90 days.")
    renew_before: Any = Field(default=None, description="Kept, without effect: at two thirds of its life.")
    secret_name: Any = Field(default=None, description="Kept, without effect.")
    private_key: Any = Field(default=None, description="Kept, without effect: EC P-256, another with each certificate.")


class ManualCertificate(Model):
    """A certificate of one's own."""

    secret_ref: SecretRef = Field(description="Secret with `tls.crt` (the chain) and `tls.key`.")


class ListenerTls(Model):
    """TLS of one port."""

    mode: Literal["Automatic", "Manual"] = Field(
        description="`Automatic`: a certificate of the local authority. `Manual`: one of a secret."
    )
    cert_manager_certificate_spec: CertManagerCertificateSpec | None = Field(
        default=None, description="What the automatic certificate holds."
    )
    manual: ManualCertificate | None = Field(default=None, description="The certificate of `Manual`.")

    @model_validator(mode="after")
    def _manual_has_a_secret(self) -> Self:
        if self.mode == "Manual" and self.manual is None:
            detail, hint, field = (
                "the mode Manual needs the block manual, which is missing",
                "add `manual.secretRef`",
                "",
            )
        elif self.mode == "Automatic" and self.manual is not None:
            detail, hint, field = "manual does not belong to the mode Automatic", "write `mode: Manual`", "manual"
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class ListenerPort(Model):
    """One port of a listener."""

    port: int = Field(ge=1, le=65_535, description="TCP port.")
    # Any: a port of a cluster's nodes.
    node_port: Any = Field(default=None, description="Kept, without effect.")
    protocol: Literal["Mqtt", "WebSockets"] = Field(
        default="Mqtt", description="MQTT over TCP, or over WebSockets (path `/mqtt`)."
    )
    authentication_ref: NonEmpty | None = Field(
        default=None, description="BrokerAuthentication; without it nobody is asked who they are."
    )
    authorization_ref: NonEmpty | None = Field(
        default=None, description="BrokerAuthorization; without it everybody may do everything."
    )
    tls: ListenerTls | None = Field(default=None, description="TLS; without it the port is plain TCP.")


class BrokerListenerSpec(BrokerPart):
    """Ports of one service type."""

    service_type: Literal["ClusterIp", "LoadBalancer", "NodePort"] = Field(
        default="ClusterIp", description="`ClusterIp` listens on loopback, the others on all interfaces."
    )
    service_name: NonEmpty | None = Field(default=None, description="Kept, without effect.")
    ports: Annotated[tuple[ListenerPort, ...], AfterValidator(_some)] = Field(description="The ports.")


class BrokerListener(Resource):
    """Where the embedded broker listens."""

    kind_name: ClassVar[str] = "BrokerListener"

    spec: BrokerListenerSpec = Field(description="Service type and ports.")


class ServiceAccountTokenSettings(Model):
    """Settings of the method `ServiceAccountToken`."""

    audiences: Annotated[tuple[NonEmpty, ...], AfterValidator(_some)] = Field(
        description="Audiences, one of which a token must carry."
    )


class AuthorizationAttributes(Model):
    """Attributes of clients by their certificate's subject."""

    subject: Annotated[str, AfterValidator(_subject)] = Field(
        description="Subject of the certificate, or its end, as in `CN = line1, O = Plant`."
    )
    attributes: dict[str, str] = Field(description="Attributes that authorization rules may name.")


class X509Settings(Model):
    """Settings of the method `X509`."""

    trusted_client_ca_cert: ConfigMapRef = Field(
        description="Config map whose PEM certificates are trusted to issue clients' certificates."
    )
    authorization_attributes: dict[str, AuthorizationAttributes] = Field(
        default={}, description="Attributes by rule; the first rule whose subject fits counts."
    )
    additional_validation: Literal["None", "AzureDeviceRegistry"] = Field(
        default="None", description="`AzureDeviceRegistry` has no effect, with a warning: no registry is asked."
    )


class Method(Model):
    """A way to prove who one is."""

    method: Literal["ServiceAccountToken", "X509", "UsernamePassword", "Custom"] = Field(
        description="`UsernamePassword` is Tidegate's own: the users of `tidegate user add`. `Custom` is refused: the "
        "embedded broker asks no server."
    )
    service_account_token_settings: ServiceAccountTokenSettings | None = Field(
        default=None, description="Settings of `ServiceAccountToken`."
    )
    x509_settings: X509Settings | None = Field(default=None, description="Settings of `X509`.")
    # Any: they are for a server that nobody asks.
    custom_settings: Any = Field(default=None, description="Settings of `Custom`.")

    @model_validator(mode="after")
    def _block_of_the_method(self) -> Self:
        present = [
            alias
            for alias, block in (
                ("serviceAccountTokenSettings", self.service_account_token_settings),
                ("x509Settings", self.x509_settings),
                ("customSettings", self.custom_settings),
            )
            if block is not None
        ]
        needed = METHOD_BLOCKS[self.method]
        wrong = [alias for alias in present if alias != needed]
        if wrong:
            detail, field = f"{wrong[0]} does not belong to the method {self.method}", wrong[0]
            hint = f"remove `{wrong[0]}`, or change `method`"
        elif needed is not None and needed not in present and self.method != "Custom":
            detail, field = f"the method {self.method} needs the settings block {needed}, which is missing", ""
            hint = f"add `{needed}`"
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class BrokerAuthenticationSpec(BrokerPart):
    """Methods, tried in their order; the first that fits what a client presents decides."""

    authentication_methods: Annotated[tuple[Method, ...], AfterValidator(_some)] = Field(description="The methods.")


class BrokerAuthentication(Resource):
    """How clients of a port prove who they are."""

    kind_name: ClassVar[str] = "BrokerAuthentication"

    spec: BrokerAuthenticationSpec = Field(description="The methods.")


class Principals(Model):
    """Whom a rule is for: a client that any of these names."""

    client_ids: tuple[NonEmpty, ...] = Field(default=(), description="Client identifiers.")
    usernames: tuple[NonEmpty, ...] = Field(
        default=(), description="User names, service accounts (`system:serviceaccount:...`), or certificate subjects."
    )
    attributes: tuple[dict[str, str], ...] = Field(
        default=(), description="Sets of attributes; a client must have all of one set."
    )


class BrokerResource(Model):
    """Something a rule allows."""

    method: Literal["Connect", "Publish", "Subscribe"] = Field(description="What is allowed.")
    client_ids: tuple[NonEmpty, ...] = Field(
        default=(),
        description="`Connect`: client identifiers that may be used, `*` at the end for any that begin so; any when empty.",
    )
    topics: tuple[NonEmpty, ...] = Field(
        default=(),
        description="Topic filters; `{principal.clientId}` and `{principal.attributes.NAME}` stand for the client's own.",
    )

    @model_validator(mode="after")
    def _topics_where_they_count(self) -> Self:
        if self.method == "Connect" and self.topics:
            detail, field = "topics does not belong to the method Connect", "topics"
            hint = "remove `topics`, or write `method: Publish` or `Subscribe`"
        elif self.method != "Connect" and not self.topics:
            detail, field = f"the method {self.method} needs topics, which are missing", ""
            hint = "add `topics`"
        elif self.method != "Connect" and self.client_ids:
            detail, field = f"clientIds does not belong to the method {self.method}", "clientIds"
            hint = "name clients in `principals`"
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class AuthorizationRule(Model):
    """What some clients may do."""

    principals: Principals = Field(description="Whom it is for.")
    broker_resources: tuple[BrokerResource, ...] = Field(description="What they may do.")
    # Any: keys of the state store, which nothing here reads yet.
    state_store_resources: Any = Field(default=None, description="Kept, without effect.")


class AuthorizationPolicies(Model):
    """Rules; what none of them allows is not allowed."""

    cache: Literal["Enabled", "Disabled"] = Field(default="Enabled", description="Kept, without effect.")
    rules: tuple[AuthorizationRule, ...] = Field(description="The rules.")


class BrokerAuthorizationSpec(BrokerPart):
    """What clients of a port may do."""

    authorization_policies: AuthorizationPolicies = Field(description="The rules.")


class BrokerAuthorization(Resource):
    """What clients of a port may do."""

    kind_name: ClassVar[str] = "BrokerAuthorization"

    spec: BrokerAuthorizationSpec = Field(description="The rules.")
