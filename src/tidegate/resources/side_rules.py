"""What the two sides of a data flow may be, and what to know about settings that weaken it or have no effect.

Knows brokers by what was declared about them. Does not know destination topics (`engine/plan.py`) or secrets.
"""

from collections.abc import Sequence

from tidegate.mqtt.text import text_error
from tidegate.mqtt.topics import filter_error
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import show
from tidegate.resources.resolved_flow import ResolvedEndpoint, ResolvedFlow, sent_filter
from tidegate.resources.source_map import FieldPath
from tidegate.resources.values import parse_host

__all__ = ["check_endpoint", "check_filters", "check_sides", "check_unused_settings"]

_SETTINGS: FieldPath = ("spec", "mqttSettings")


def check_filters(dataflow: Dataflow, findings: FindingList) -> None:
    """Check the topic filters of a source."""
    index, source = dataflow.spec.source
    for position, topic_filter in enumerate(source.data_sources):
        error = filter_error(sent_filter(topic_filter)) or text_error(topic_filter)
        if error is not None:
            shown = show(topic_filter) if topic_filter.isprintable() else repr(topic_filter)
            message = f"dataSources[{position}] is {shown}: {error}"
            path = ("spec", "operations", index, "sourceSettings", "dataSources", position)
            findings.add("error", "topic-filter", message, dataflow.key, path)


def check_endpoint(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    """Check settings of one endpoint against each other."""
    settings, key = endpoint.settings, endpoint.resource.key
    if settings.tls.mode == "Disabled":
        if settings.authentication.method == "X509Certificate":
            message = "the method X509Certificate needs TLS, and tls.mode is Disabled"
            hint = "set `mode: Enabled`, or use `method: Anonymous`"
            findings.add("error", "tls-needed", message, key, (*_SETTINGS, "tls", "mode"), hint)
        if settings.tls.trusted_ca_certificate_config_map_ref is not None:
            message = "trustedCaCertificateConfigMapRef has no effect: tls.mode is Disabled"
            path = (*_SETTINGS, "tls", "trustedCaCertificateConfigMapRef")
            findings.add("warning", "no-effect", message, key, path, "remove it, or set `mode: Enabled`", "name")
    if settings.protocol == "Mqtt" and settings.host is not None and parse_host(settings.host).path is not None:
        offset = settings.host.index("/")
        message = "host has a path, which only WebSockets use, and protocol is Mqtt"
        hint = "set `protocol: WebSockets`, or remove the path"
        findings.add("error", "host", message, key, (*_SETTINGS, "host"), hint, (offset, len(settings.host) - offset))
    error = text_error(settings.client_id_prefix or "")
    if error is not None:
        path = (*_SETTINGS, "clientIdPrefix")
        findings.add("error", "client-id-prefix", f"clientIdPrefix cannot be sent: {error}", key, path)


def check_sides(flow: ResolvedFlow, *, allow_remote_only: bool, findings: FindingList) -> None:
    """Check both endpoints of a data flow against each other and against its profile."""
    source, destination = flow.source, flow.destination
    path = (*flow.source_path, "endpointRef")
    if not (source.is_local or destination.is_local or allow_remote_only):
        message = (
            f"neither `{source.name}` nor `{destination.name}` is the local broker; one side of a data flow has to be"
        )
        hint = (
            "the local broker is the endpoint `default`, one without host, or one whose host begins with `aio-broker`; "
        )
        hint += "`--allow-remote-only` lifts this rule"
        findings.add("error", "local-broker", message, flow.key, path, hint)
    for name, value in (
        ("qos", source.settings.qos),
        ("sessionExpirySeconds", source.settings.session_expiry_seconds),
    ):
        if value == 0:
            message = f"the source `{source.name}` has {name} 0; messages that come while it is not connected are lost"
            hint = f"set `{name}` above 0 in the endpoint"
            findings.add("warning", "promise", message, flow.key, path, hint)
    if flow.is_shared:
        _check_shared(flow, path, findings)


def _check_shared(flow: ResolvedFlow, path: FieldPath, findings: FindingList) -> None:
    source, destination = flow.source, flow.destination
    prefix = source.settings.client_id_prefix
    if prefix is None and not source.is_local:
        message = f"the source `{source.name}` is shared and has no clientIdPrefix; "
        message += (
            f"another site with a data flow `{flow.key.name}` would take messages or the connection from this one"
        )
        hint = "set a `clientIdPrefix` for each site in the endpoint"
        findings.add("warning", "shared-source", message, flow.key, path, hint)
    if prefix is not None and flow.instance_count > 1 and any(each in prefix for each in "/+#"):
        message = f"clientIdPrefix of `{source.name}` is `{prefix}`; "
        message += "it begins the name of a shared subscription, which has no `/`, `+` or `#`"
        hint = "change `clientIdPrefix`, or use a profile with `instanceCount: 1`"
        findings.add("error", "client-id-prefix", message, flow.key, path, hint)
    if destination.settings.retain == "Keep":
        message = f"`{destination.name}` has retain Keep, but a shared subscription is not sent the retained messages "
        message += "that are stored; only new ones arrive"
        hint = "set `retain: Never` in the destination endpoint, or use one instance and no `$share/`"
        findings.add("warning", "retained", message, flow.key, path, hint)


def check_unused_settings(flows: Sequence[ResolvedFlow], findings: FindingList) -> None:
    """Say which settings have no effect because they count for a destination and the endpoint is only a source."""
    destinations = {flow.destination.name for flow in flows}
    sources = {flow.source.name: flow.source for flow in flows if flow.source.name not in destinations}
    for endpoint in sources.values():
        for attribute, name in (("retain", "retain"), ("cloud_event_attributes", "cloudEventAttributes")):
            if attribute in endpoint.settings.model_fields_set:
                message = f"{name} has no effect: it counts for a destination, and `{endpoint.name}` is only a source"
                path = (*_SETTINGS, name)
                findings.add("information", "no-effect", message, endpoint.resource.key, path, at="name")
