"""What Azure Event Grid's MQTT broker allows, told before a data flow finds out (facts 5.7).

Knows its host names, ports, methods, limits and quotas. Does not know connections; a namespace may allow less.
"""

from collections import Counter
from collections.abc import Sequence

from tidegate.mqtt.topics import SHARE_PREFIX
from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import EVENT_GRID_DOMAIN, ResolvedEndpoint, ResolvedFlow
from tidegate.resources.source_map import FieldPath
from tidegate.resources.values import parse_host

__all__ = ["check_event_grid", "check_event_grid_flow", "check_event_grid_sessions"]

SESSION_EXPIRY_SECONDS_MAX = 8 * 3600
SESSION_EXPIRY_SECONDS_USUAL = 3600
KEEP_ALIVE_SECONDS_MAX = 1160
WEBSOCKET_PATH = "/mqtt"
PORTS = {"Mqtt": 8883, "WebSockets": 443}

_MQTT_LABEL = ".ts"
_SETTINGS: FieldPath = ("spec", "mqttSettings")
_CODE = "event-grid"


def check_event_grid(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    """Check the settings of an endpoint, if it is one of Event Grid."""
    if not endpoint.is_event_grid:
        return
    settings, key = endpoint.settings, endpoint.resource.key
    method = settings.authentication.method
    if settings.tls.mode == "Disabled" and method == "Anonymous":
        # The other methods have errors of their own about that.
        message = "Event Grid needs TLS, and tls.mode is Disabled"
        findings.add("error", _CODE, message, key, (*_SETTINGS, "tls", "mode"), "set `mode: Enabled`")
    if method in ("Anonymous", "ServiceAccountToken"):
        message = f"Event Grid has no method {method}"
        hint = "use SystemAssignedManagedIdentity, UserAssignedManagedIdentity or X509Certificate"
        findings.add("error", _CODE, message, key, (*_SETTINGS, "authentication", "method"), hint)
    expiry = settings.session_expiry_seconds
    if expiry > SESSION_EXPIRY_SECONDS_USUAL:
        most = expiry > SESSION_EXPIRY_SECONDS_MAX
        message = f"sessionExpirySeconds is {expiry}, and Event Grid keeps a session for "
        message += "8 hours at most" if most else "1 hour, unless the namespace says more"
        hint = "set it to 3600 or less" if most else "raise maximumSessionExpiryInHours of the namespace, or set 3600"
        findings.add("warning", _CODE, message, key, (*_SETTINGS, "sessionExpirySeconds"), hint)
    if settings.keep_alive_seconds > KEEP_ALIVE_SECONDS_MAX:
        message = (
            f"keepAliveSeconds is {settings.keep_alive_seconds}, and Event Grid's is {KEEP_ALIVE_SECONDS_MAX} at most"
        )
        findings.add("warning", _CODE, message, key, (*_SETTINGS, "keepAliveSeconds"), "lower it, or take it as it is")
    if endpoint.host.endswith(EVENT_GRID_DOMAIN):
        _check_host(endpoint, findings)


def _check_host(endpoint: ResolvedEndpoint, findings: FindingList) -> None:
    settings, key = endpoint.settings, endpoint.resource.key
    where = (*_SETTINGS, "host")
    address = parse_host(settings.host or "")
    name = endpoint.host.removesuffix(EVENT_GRID_DOMAIN)
    if not name.endswith(_MQTT_LABEL):
        message = f"`{endpoint.host}` is not the MQTT host name of a namespace"
        hint = f"it is `{name}{_MQTT_LABEL}{EVENT_GRID_DOMAIN}`; the page of the namespace shows it"
        findings.add("error", _CODE, message, key, where, hint)
    port = PORTS[settings.protocol]
    if address.port not in (None, port):
        message = f"host has the port {address.port}, and Event Grid speaks {settings.protocol} on {port} alone"
        # A warning: the public page has another port in its commands, and there are stand-ins.
        findings.add("warning", _CODE, message, key, where, f"write port {port}")
    if settings.protocol == "WebSockets" and address.path != WEBSOCKET_PATH:
        message = f"Event Grid takes WebSockets at {WEBSOCKET_PATH}, and host has {address.path or 'no path'}"
        findings.add("error", _CODE, message, key, where, f"write `{endpoint.host}:{port}{WEBSOCKET_PATH}`")


def check_event_grid_flow(flow: ResolvedFlow, findings: FindingList) -> None:
    """Check what a data flow asks of Event Grid."""
    source, destination = flow.source, flow.destination
    path = (*flow.source_path, "endpointRef")
    if source.is_event_grid and flow.instance_count > 1:
        message = f"the profile `{flow.profile.name}` has {flow.instance_count} instances, "
        message += "and Event Grid as a source has no shared subscriptions"
        findings.add("error", _CODE, message, flow.key, path, "use a profile with `instanceCount: 1`")
    elif source.is_event_grid and flow.is_shared:
        place = next(index for index, each in enumerate(flow.topic_filters) if each.startswith(SHARE_PREFIX))
        message = "Event Grid has no shared subscriptions"
        where = (*flow.source_path, "dataSources", place)
        findings.add("error", _CODE, message, flow.key, where, "write the topic filter without `$share/` and group")
    if destination.is_event_grid and destination.settings.retain == "Keep":
        message = (
            f"`{destination.name}` has retain Keep, and Event Grid may refuse retained messages, which are then dropped"
        )
        hint = "set `retain: Never` in the endpoint"
        findings.add("warning", _CODE, message, flow.key, (*flow.destination_path, "endpointRef"), hint)


def check_event_grid_sessions(flows: Sequence[ResolvedFlow], findings: FindingList) -> None:
    """Say how many sessions an endpoint needs, and that another site would need other client identifiers."""
    sides = [(flow, side) for flow in flows if flow.is_enabled for side in (flow.source, flow.destination)]
    counts: Counter[str] = Counter()
    for flow, side in sides:
        counts[side.name] += flow.instance_count
    for name, endpoint in {side.name: side for _, side in sides if side.is_event_grid}.items():
        key = endpoint.resource.key
        if counts[name] > 1:
            message = (
                f"`{name}` makes {counts[name]} sessions of one client, and Event Grid allows one unless told otherwise"
            )
            hint = f"set maximumClientSessionsPerAuthenticationName of the namespace to {counts[name]} or more"
            findings.add("information", _CODE, message, key, (*_SETTINGS, "host"), hint)
        if endpoint.settings.client_id_prefix is None:
            message = (
                f"`{name}` has no clientIdPrefix; another deployment with a data flow of the same name is not let in"
            )
            hint = "set a `clientIdPrefix` for each site in the endpoint"
            findings.add("information", _CODE, message, key, (*_SETTINGS, "host"), hint)
