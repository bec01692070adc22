"""From declared resources to runnable plans, or to diagnostics. `validate` is the only door.

Knows which rules there are and how settings become plans. Does not know wire forms, files, or how anything runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tidegate.broker.plan import BrokerPlan
from tidegate.diagnostics import Diagnostic
from tidegate.engine.broker_plan import broker_plan, check_embedded, embedded_port, is_embedded
from tidegate.engine.loop_rules import check_echoes, check_loops, with_trails
from tidegate.engine.schema_rules import check_output_schema
from tidegate.engine.transform_plan import check_transform, dataset_keys, topic_template, transform_spec
from tidegate.flow.plan import (
    EVENT_GRID,
    AnonymousPlan,
    AuthenticationPlan,
    DatasetsPlan,
    EndpointPlan,
    FlowPlan,
    SidePlan,
    SystemIdentityPlan,
    TlsPlan,
    TokenPlan,
    UserIdentityPlan,
    X509Plan,
)
from tidegate.mqtt.topics import SHARE_PREFIX
from tidegate.resources.base import ResourceKey
from tidegate.resources.broker_effects import check_broker_effects
from tidegate.resources.broker_rules import check_broker
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.defaults import (
    BUILT_IN_AUDIENCE,
    BUILT_IN_CA_CONFIG_MAP,
    BUILT_IN_CA_KEY,
)
from tidegate.resources.event_grid_rules import check_event_grid, check_event_grid_flow, check_event_grid_sessions
from tidegate.resources.finding_list import FindingList
from tidegate.resources.references import SecretNames, check_names, check_secrets
from tidegate.resources.resolved_flow import ResolvedEndpoint, ResolvedFlow, resolve, resolve_endpoint
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.schema_reference import SchemaTexts
from tidegate.resources.side_rules import check_endpoint, check_filters, check_sides, check_unused_settings
from tidegate.resources.source_map import SourceMap
from tidegate.resources.token_rules import DEFAULT_SCOPE, check_token_settings, system_audience, user_scope
from tidegate.resources.values import parse_host
from tidegate.settings import Settings
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.topic_template import TopicTemplate

__all__ = ["CLIENT_ID_PREFIX", "Plan", "ProfilePlan", "build", "endpoint_plan", "validate"]

CLIENT_ID_PREFIX = "tidegate"

_WEBSOCKET_PATH = "/mqtt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePlan:
    """A profile that has data flows or was declared. `log_level` is as declared, `module=level` pairs included."""

    name: str
    instance_count: int
    log_level: str
    prometheus_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that should run: `flows` has one entry for each instance of each enabled data flow.

    `broker` is None where none is to run; `disabled` names the data flows that are declared and switched off, whose sessions
    live on.
    """

    flows: tuple[FlowPlan, ...]
    disabled: frozenset[str]
    profiles: tuple[ProfilePlan, ...]
    broker: BrokerPlan | None
    diagnostics: tuple[Diagnostic, ...]


def validate(
    resources: ResourceSet,
    source_map: SourceMap,
    settings: Settings,
    secrets: SecretNames | None,
    schemas: SchemaTexts | None = None,
) -> tuple[Diagnostic, ...]:
    """Check everything across resources, and return all findings.

    Args:
        secrets: what lies in the directories of secrets and config maps; None when nobody could look, then a missing
            secret is no finding.
        schemas: what the schema registry holds of what data flows refer to; None where there is no registry.
    """
    findings = FindingList(source_map)
    if settings.packet_bytes_max is not None:
        message = f"sources are told a Maximum Packet Size of {settings.packet_bytes_max} bytes: what is larger, their brokers "
        message += "discard without a word [MQTT-3.1.2-25]"
        findings.diagnostics.append(
            Diagnostic("information", "packet-size", message, hint="leave out `--packet-bytes-max`")
        )
    check_names(resources, settings.namespace, findings)
    for name in resources.endpoints:
        endpoint = resolve_endpoint(name, resources)
        if endpoint is not None:
            check_endpoint(endpoint, findings)
            check_token_settings(endpoint, findings)
            check_event_grid(endpoint, findings)
    templates: dict[ResourceKey, TopicTemplate] = {}
    for dataflow in resources.dataflows.values():
        check_filters(dataflow, findings)
        _check_template(dataflow, templates, findings)
        check_transform(dataflow, templates.get(dataflow.key), schemas, findings)
    flows = _resolved(resources)
    used: set[str] = set()
    for flow in flows:
        check_sides(flow, allow_remote_only=settings.allow_remote_only, findings=findings)
        check_event_grid_flow(flow, findings)
        check_output_schema(flow, findings)
        if flow.is_enabled:
            used |= {flow.source.name, flow.destination.name}
            _check_datasets(flow, settings, findings)
    check_echoes(flows, resources.dataflows, findings)
    check_loops(flows, templates, resources, settings, findings)
    check_unused_settings(flows, findings)
    check_event_grid_sessions(flows, findings)
    check_broker(resources, secrets, findings)
    check_broker_effects(resources, findings)
    for flow in flows:
        if flow.is_enabled:
            for side, path in ((flow.source, flow.source_path), (flow.destination, flow.destination_path)):
                if is_embedded(side, settings):
                    check_embedded(flow, side, path, resources, findings)
    if secrets is not None:
        check_secrets(resources, frozenset(used), secrets if settings.no_broker else _with_our_own(secrets), findings)
    return tuple(findings.diagnostics)


def _with_our_own(secrets: SecretNames) -> SecretNames:
    """Add the config map that the embedded broker publishes."""
    return SecretNames(secrets.secrets, {BUILT_IN_CA_CONFIG_MAP: frozenset({BUILT_IN_CA_KEY}), **secrets.config_maps})


def build(
    resources: ResourceSet,
    settings: Settings,
    diagnostics: tuple[Diagnostic, ...] = (),
    schemas: SchemaTexts | None = None,
) -> Plan:
    """Make the plan of resources that validate with these schemas. `diagnostics` are the warnings to keep with it."""
    flows = _resolved(resources)
    enabled = [flow for flow in flows if flow.is_enabled]
    plans = [_flow_plan(flow, ordinal, settings, schemas) for flow in enabled for ordinal in range(flow.instance_count)]
    return Plan(
        flows=with_trails(plans, enabled, resources, settings),
        disabled=frozenset(flow.name for flow in resources.dataflows.values() if flow.spec.mode == "Disabled"),
        broker=broker_plan(resources, flows, settings),
        profiles=tuple(
            ProfilePlan(
                name=profile.name,
                instance_count=profile.spec.instance_count,
                log_level=profile.spec.diagnostics.logs.level,
                prometheus_port=profile.spec.diagnostics.metrics.prometheus_port,
            )
            for profile in resources.profiles.values()
        ),
        diagnostics=diagnostics,
    )


def endpoint_plan(endpoint: ResolvedEndpoint, settings_of_process: Settings) -> EndpointPlan:
    """Return how to reach an endpoint."""
    settings = endpoint.settings
    host, port = endpoint.address
    is_ours = is_embedded(endpoint, settings_of_process)
    if is_ours:
        port = embedded_port(endpoint)
    path = parse_host(settings.host).path if settings.host is not None else None
    tls = TlsPlan(ca_config_map=settings.tls.trusted_ca_certificate_config_map_ref)
    return EndpointPlan(
        name=endpoint.name,
        host=host,
        port=port,
        transport="websocket" if settings.protocol == "WebSockets" else "tcp",
        path=path or _WEBSOCKET_PATH,
        tls=tls if settings.tls.mode == "Enabled" else None,
        authentication=_authentication_plan(endpoint),
        service_type=_service_type(endpoint),
        is_embedded=is_ours,
    )


def _resolved(resources: ResourceSet) -> list[ResolvedFlow]:
    flows = (resolve(dataflow, resources) for dataflow in resources.dataflows.values())
    return [flow for flow in flows if flow is not None]


def _check_template(dataflow: Dataflow, templates: dict[ResourceKey, TopicTemplate], findings: FindingList) -> None:
    index = dataflow.spec.destination[0]
    try:
        templates[dataflow.key] = topic_template(dataflow)
    except DeclarationError as error:
        path = ("spec", "operations", index, "destinationSettings", "dataDestination")
        message = f"dataDestination: {error.message}"
        findings.add("error", "topic-template", message, dataflow.key, path, error.hint, (error.offset, error.length))


def _check_datasets(flow: ResolvedFlow, settings: Settings, findings: FindingList) -> None:
    """Say where data sets of an enabled data flow have no place to come from, or are more than Azure IoT Operations takes."""
    found = flow.dataflow.spec.transformation
    if found is None or not found[1].datasets:
        return
    path = ("spec", "operations", found[0], "builtInTransformationSettings", "datasets")
    if settings.datasets_dir is None and _store_side(flow) is None:
        message = "data sets lie in the state store of the local broker, and neither side is the local broker"
        hint = "use the endpoint `default` on one side, or read them from files with `--datasets-dir DIR`"
        findings.add("error", "dataset", message, flow.key, path, hint, "name")
    if len(found[1].datasets) > 1:
        message = (
            f"the transformation has {len(found[1].datasets)} data sets; the schema of Azure IoT Operations takes one"
        )
        findings.add("information", "dataset", message, flow.key, path, None, "name")


def _store_side(flow: ResolvedFlow) -> ResolvedEndpoint | None:
    """Return the side whose broker has the state store: the local one, the source where both are."""
    return next((side for side in (flow.source, flow.destination) if side.is_local), None)


def _datasets_plan(flow: ResolvedFlow, ordinal: int, settings: Settings) -> DatasetsPlan | None:
    keys = dataset_keys(flow)
    side = _store_side(flow)
    if not keys:
        return None
    if settings.datasets_dir is not None or side is None:
        return DatasetsPlan(keys=keys, folder=settings.datasets_dir)
    return DatasetsPlan(
        keys=keys,
        store=endpoint_plan(side, settings),
        client_id=f"{side.settings.client_id_prefix or CLIENT_ID_PREFIX}-{flow.key.name}-{ordinal}-datasets",
        keep_alive_seconds=side.settings.keep_alive_seconds,
    )


def _flow_plan(flow: ResolvedFlow, ordinal: int, settings: Settings, schemas: SchemaTexts | None) -> FlowPlan:
    return FlowPlan(
        name=flow.key.name,
        profile=flow.profile.name,
        ordinal=ordinal,
        source=_side_plan(flow, flow.source, ordinal, "source", settings),
        destination=_side_plan(flow, flow.destination, ordinal, "destination", settings),
        topic_filters=tuple(_subscribed(flow)),
        retain_mode=flow.destination.settings.retain,
        transform=transform_spec(flow, settings, schemas),
        stall_seconds=settings.stall_seconds,
        stall_seconds_max=settings.stall_seconds_max,
        qos0_pending_bytes_max=settings.qos0_pending_bytes_max,
        packet_bytes_max=settings.packet_bytes_max,
        on_rejected=settings.on_rejected,
        datasets=_datasets_plan(flow, ordinal, settings),
    )


def _subscribed(flow: ResolvedFlow) -> Iterable[str]:
    group = f"{flow.source.settings.client_id_prefix or CLIENT_ID_PREFIX}-{flow.key.name}"
    for topic_filter in flow.topic_filters:
        is_generated = flow.instance_count > 1 and not topic_filter.startswith(SHARE_PREFIX)
        yield f"{SHARE_PREFIX}{group}/{topic_filter}" if is_generated else topic_filter


def _side_plan(
    flow: ResolvedFlow,
    endpoint: ResolvedEndpoint,
    ordinal: int,
    side: Literal["source", "destination"],
    settings_of_process: Settings,
) -> SidePlan:
    settings = endpoint.settings
    return SidePlan(
        endpoint=endpoint_plan(endpoint, settings_of_process),
        client_id=f"{settings.client_id_prefix or CLIENT_ID_PREFIX}-{flow.key.name}-{ordinal}-{side}",
        qos=settings.qos,
        keep_alive_seconds=settings.keep_alive_seconds,
        session_expiry_seconds=settings.session_expiry_seconds,
        receive_maximum=settings.max_inflight_messages,
        # Other brokers may refuse user properties in CONNECT (facts 4.3), and know nothing of this one.
        requests_persistence=side == "source"
        and endpoint.is_local
        and flow.dataflow.spec.request_disk_persistence == "Enabled",
    )


def _authentication_plan(endpoint: ResolvedEndpoint) -> AuthenticationPlan:
    authentication = endpoint.settings.authentication
    if authentication.x509_certificate_settings is not None:
        return X509Plan(secret=authentication.x509_certificate_settings.secret_ref)
    if authentication.method == "ServiceAccountToken":
        token = authentication.service_account_token_settings
        return TokenPlan(audience=token.audience if token is not None else BUILT_IN_AUDIENCE)
    if authentication.method == "SystemAssignedManagedIdentity":
        return SystemIdentityPlan(audience=system_audience(endpoint))
    if authentication.user_assigned_managed_identity_settings is not None:
        user, scope = authentication.user_assigned_managed_identity_settings, user_scope(endpoint)
        return UserIdentityPlan(
            client_id=user.client_id, tenant_id=user.tenant_id, scope=scope, audience=scope.removesuffix(DEFAULT_SCOPE)
        )
    return AnonymousPlan()


def _service_type(endpoint: ResolvedEndpoint) -> str:
    """Return the metric label of facts 8.1."""
    if endpoint.is_local:
        return "Local AIO MQTT Broker"
    return EVENT_GRID if endpoint.is_event_grid else "Unknown MQTT Broker"
