"""`DataflowEndpoint`: how to reach a system that data flows read from or write to (facts 1.4).

Knows every property of `mqttSettings`. Other endpoint types are kept as they were written, unread.
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource
from tidegate.resources.values import ConfigMapRef, Host, Mode, NonEmpty, SecretRef, UnsignedInt16, UnsignedInt32

__all__ = [
    "METHOD_BLOCKS",
    "SETTINGS_FIELDS",
    "AnonymousSettings",
    "DataflowEndpoint",
    "DataflowEndpointSpec",
    "EndpointType",
    "MqttAuthentication",
    "MqttSettings",
    "ServiceAccountTokenSettings",
    "SystemAssignedManagedIdentitySettings",
    "TlsSettings",
    "UserAssignedManagedIdentitySettings",
    "X509CertificateSettings",
]

EndpointType = Literal[
    "DataExplorer", "DataLakeStorage", "FabricOneLake", "Kafka", "LocalStorage", "Mqtt", "OpenTelemetry"
]
Method = Literal[
    "Anonymous",
    "ServiceAccountToken",
    "SystemAssignedManagedIdentity",
    "UserAssignedManagedIdentity",
    "X509Certificate",
]

METHOD_BLOCKS = {
    "Anonymous": "anonymousSettings",
    "ServiceAccountToken": "serviceAccountTokenSettings",
    "SystemAssignedManagedIdentity": "systemAssignedManagedIdentitySettings",
    "UserAssignedManagedIdentity": "userAssignedManagedIdentitySettings",
    "X509Certificate": "x509CertificateSettings",
}
BLOCKS_NEEDED = {"UserAssignedManagedIdentity", "X509Certificate"}

SETTINGS_FIELDS = {
    "DataExplorer": "dataExplorerSettings",
    "DataLakeStorage": "dataLakeStorageSettings",
    "FabricOneLake": "fabricOneLakeSettings",
    "Kafka": "kafkaSettings",
    "LocalStorage": "localStorageSettings",
    "Mqtt": "mqttSettings",
    "OpenTelemetry": "openTelemetrySettings",
}


class AnonymousSettings(Model):
    """Settings of the method `Anonymous`; there are none."""


class ServiceAccountTokenSettings(Model):
    """Settings of the method `ServiceAccountToken`."""

    audience: NonEmpty = Field(default="aio-internal", description="Audience that the token must carry.")


class SystemAssignedManagedIdentitySettings(Model):
    """Settings of the method `SystemAssignedManagedIdentity`."""

    audience: NonEmpty | None = Field(
        default=None, description="Audience of the token; by default one that fits the host."
    )


class UserAssignedManagedIdentitySettings(Model):
    """Settings of the method `UserAssignedManagedIdentity`."""

    client_id: NonEmpty = Field(description="Client id of the managed identity.")
    tenant_id: NonEmpty = Field(description="Tenant id of the managed identity.")
    scope: NonEmpty | None = Field(
        default=None, description="Scope of the token; by default `https://eventgrid.azure.net/.default`."
    )


class X509CertificateSettings(Model):
    """Settings of the method `X509Certificate`."""

    secret_ref: SecretRef = Field(
        description="Secret with `client_cert.pem`, `client_key.pem` and optionally `client_intermediate_certs.pem`."
    )


class MqttAuthentication(Model):
    """How to authenticate: a method and at most one settings block, that of the method."""

    method: Method = Field(description="Authentication method.")
    anonymous_settings: AnonymousSettings | None = Field(default=None, description="Settings of `Anonymous`; empty.")
    service_account_token_settings: ServiceAccountTokenSettings | None = Field(
        default=None, description="Settings of `ServiceAccountToken`."
    )
    system_assigned_managed_identity_settings: SystemAssignedManagedIdentitySettings | None = Field(
        default=None, description="Settings of `SystemAssignedManagedIdentity`."
    )
    user_assigned_managed_identity_settings: UserAssignedManagedIdentitySettings | None = Field(
        default=None, description="Settings of `UserAssignedManagedIdentity`."
    )
    x509_certificate_settings: X509CertificateSettings | None = Field(
        default=None, description="Settings of `X509Certificate`."
    )

    @model_validator(mode="after")
    def _one_block_of_the_method(self) -> Self:
        present = [block for block in METHOD_BLOCKS.values() if self._block(block) is not None]
        needed = METHOD_BLOCKS[self.method]
        if len(present) > 1:
            detail = f"authentication has {len(present)} settings blocks, {' and '.join(present)}; allowed is one"
            hint = f"keep `{needed}`, the block of the method {self.method}, and remove the others"
            wrong = next(block for block in present if block != needed)
        elif present and present[0] != needed:
            detail = f"{present[0]} does not belong to the method {self.method}; allowed is {needed}"
            fitting = next(method for method, block in METHOD_BLOCKS.items() if block == present[0])
            hint = f"write `method: {fitting}`, or replace the block by `{needed}`"
            wrong = present[0]
        elif not present and self.method in BLOCKS_NEEDED:
            detail = f"the method {self.method} needs the settings block {needed}, which is missing"
            hint, wrong = f"add `{needed}`", ""
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": wrong})

    def _block(self, alias: str) -> Model | None:
        for name, field in type(self).model_fields.items():
            if field.alias == alias:
                block: Model | None = getattr(self, name)
                return block
        raise AssertionError(f"{alias} is no block")


class TlsSettings(Model):
    """TLS towards the broker."""

    mode: Mode = Field(default="Enabled", description="`Disabled` connects in plaintext.")
    trusted_ca_certificate_config_map_ref: ConfigMapRef | None = Field(
        default=None,
        description="Config map with the PEM certificates of the only CAs to trust, under any key; "
        "without it the system's public roots.",
    )


class MqttSettings(Model):
    """Connection settings of an MQTT endpoint. Each side of a data flow uses those of its own endpoint."""

    host: Host | None = Field(
        default=None,
        description="`<host>[:<port>]`, with a path for WebSockets: `<host>:<port>/<path>`. Default ports are 8883, 1883 "
        "without TLS, WebSockets 443 and 80. Without a host the built-in broker is meant.",
    )
    authentication: MqttAuthentication = Field(description="How to authenticate.")
    tls: TlsSettings = Field(default=TlsSettings(), description="TLS towards the broker.")
    protocol: Literal["Mqtt", "WebSockets"] = Field(
        default="Mqtt", description="MQTT over TCP, or over WebSockets (path `/mqtt` unless `host` has one)."
    )
    client_id_prefix: NonEmpty | None = Field(
        default=None,
        description="Beginning of the client id and of generated shared subscription groups, by default `tidegate`. "
        "Changing it later leaves the old session, and what it holds, behind.",
    )
    keep_alive_seconds: UnsignedInt16 = Field(
        default=60, description="Idle time in seconds before a PINGREQ is sent; 0 sends none."
    )
    session_expiry_seconds: UnsignedInt32 = Field(
        default=600, description="How long in seconds the broker keeps the session after a connection ends."
    )
    max_inflight_messages: int = Field(
        default=100,
        ge=1,
        le=65_535,
        description="Source: the receive maximum. Destination: messages sent and not yet acknowledged.",
    )
    qos: int = Field(default=1, ge=0, le=1, description="QoS of subscriptions and of published messages.")
    retain: Literal["Keep", "Never"] = Field(
        default="Keep",
        description="Destination: keep the retain flag of a message, or always clear it. Source: no effect.",
    )
    cloud_event_attributes: Literal["Propagate", "CreateOrRemap"] | None = Field(
        default=None, description="Destination: what happens to CloudEvents attributes. Source: no effect."
    )


class DataflowEndpointSpec(Model):
    """An endpoint type and the one settings block that matches it."""

    endpoint_type: EndpointType = Field(description="Type of the endpoint; data flows run between `Mqtt` endpoints.")
    host_type: Literal["CustomKafka", "CustomMqtt", "EventGrid", "Eventhub", "FabricRT", "LocalBroker"] | None = Field(
        default=None, description="What kind of host it is; used in metrics."
    )
    mqtt_settings: MqttSettings | None = Field(default=None, description="Settings of `Mqtt`.")
    # Any: the settings of other types are kept as they were written, and nothing here reads them.
    data_explorer_settings: dict[str, Any] | None = Field(
        default=None, description="Settings of `DataExplorer`; kept unread."
    )
    data_lake_storage_settings: dict[str, Any] | None = Field(
        default=None, description="Settings of `DataLakeStorage`; kept unread."
    )
    fabric_one_lake_settings: dict[str, Any] | None = Field(
        default=None, description="Settings of `FabricOneLake`; kept unread."
    )
    kafka_settings: dict[str, Any] | None = Field(default=None, description="Settings of `Kafka`; kept unread.")
    local_storage_settings: dict[str, Any] | None = Field(
        default=None, description="Settings of `LocalStorage`; kept unread."
    )
    open_telemetry_settings: dict[str, Any] | None = Field(
        default=None, description="Settings of `OpenTelemetry`; kept unread."
    )

    @model_validator(mode="after")
    def _block_of_the_type(self) -> Self:
        needed = SETTINGS_FIELDS[self.endpoint_type]
        present = {
            field.alias or name
            for name, field in type(self).model_fields.items()
            if name.endswith("_settings") and getattr(self, name) is not None
        }
        wrong = sorted(present - {needed})
        if wrong:
            detail = f"{wrong[0]} does not belong to endpointType {self.endpoint_type}; allowed is {needed}"
            hint = f"remove `{wrong[0]}`, or change `endpointType`"
        elif needed not in present:
            detail = f"endpointType {self.endpoint_type} needs the settings block {needed}, which is missing"
            hint = f"add `{needed}`"
        else:
            return self
        field = wrong[0] if wrong else ""
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class DataflowEndpoint(Resource):
    """How to reach a system that data flows read from or write to."""

    kind_name: ClassVar[str] = "DataflowEndpoint"

    spec: DataflowEndpointSpec = Field(description="Type and settings of the endpoint.")
