"""`BrokerListener`: where the embedded broker listens (facts 1.9).

Knows ports, protocols and TLS. Does not know which authentications and authorizations exist (`broker_rules`).
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource, without_effect
from tidegate.resources.broker import BrokerPart
from tidegate.resources.values import NonEmpty, SecretRef, at_least_one

__all__ = [
    "BrokerListener",
    "BrokerListenerSpec",
    "CertManagerCertificateSpec",
    "ListenerPort",
    "ListenerTls",
    "ManualCertificate",
    "SubjectAlternativeNames",
]


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
    issuer_ref: Any = without_effect("the local authority issues it")
    duration: Any = without_effect("it is 90 days")
    renew_before: Any = without_effect("it is renewed at two thirds of its life")
    secret_name: Any = without_effect("it is in no secret")
    private_key: Any = without_effect("it is EC P-256, another with each certificate")


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
    node_port: Any = without_effect("there are no nodes")
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
    service_name: NonEmpty | None = Field(
        default=None, description="Kept, without effect, with a note: data flows mean the broker by `aio-broker`."
    )
    ports: Annotated[tuple[ListenerPort, ...], AfterValidator(at_least_one)] = Field(description="The ports.")


class BrokerListener(Resource):
    """Where the embedded broker listens."""

    kind_name: ClassVar[str] = "BrokerListener"

    spec: BrokerListenerSpec = Field(description="Service type and ports.")
