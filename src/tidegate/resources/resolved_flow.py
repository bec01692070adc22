"""A data flow together with the resources it names, and what can be told about its endpoints.

Knows which endpoint is local and which is Event Grid. Does not know what is allowed.
"""

from dataclasses import dataclass

from tidegate.mqtt.topics import SHARE_PREFIX
from tidegate.resources.base import ResourceKey
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.dataflow_endpoint import DataflowEndpoint, MqttSettings
from tidegate.resources.dataflow_profile import DataflowProfile
from tidegate.resources.defaults import BUILT_IN_HOST, DEFAULT_NAME
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath
from tidegate.resources.values import parse_host

__all__ = ["EVENT_GRID_DOMAIN", "ResolvedEndpoint", "ResolvedFlow", "resolve", "resolve_endpoint", "sent_filter"]

_LOCAL_LABEL = "aio-broker"
EVENT_GRID_DOMAIN = ".eventgrid.azure.net"
"""What ends the host name of an Event Grid namespace."""

_PORTS = {("Mqtt", True): 8883, ("Mqtt", False): 1883, ("WebSockets", True): 443, ("WebSockets", False): 80}

_SHARED_PREFIX = "$shared/"


@dataclass(frozen=True, slots=True)
class ResolvedEndpoint:
    """An MQTT endpoint and its settings."""

    resource: DataflowEndpoint
    settings: MqttSettings

    @property
    def name(self) -> str:
        """The name of the endpoint."""
        return self.resource.name

    @property
    def host(self) -> str:
        """The host name in lower case; that of the built-in broker where none is declared."""
        return parse_host(self.settings.host or BUILT_IN_HOST).host.lower()

    @property
    def address(self) -> tuple[str, int]:
        """The host name in lower case, and the port: the one declared, or the usual one of its protocol."""
        declared = parse_host(self.settings.host or BUILT_IN_HOST)
        return self.host, declared.port or _PORTS[self.settings.protocol, self.settings.tls.mode == "Enabled"]

    @property
    def is_local(self) -> bool:
        """Whether it is the local broker: named `default`, without a host, or a host whose first label is `aio-broker`."""
        return self.name == DEFAULT_NAME or self.host.partition(".")[0] == _LOCAL_LABEL

    @property
    def is_event_grid(self) -> bool:
        """Whether it is Azure Event Grid's MQTT broker."""
        return self.resource.spec.host_type == "EventGrid" or self.host.endswith(EVENT_GRID_DOMAIN)


@dataclass(frozen=True, slots=True)
class ResolvedFlow:
    """A data flow with what it names. `topic_filters` are spelled as they are sent; `topic_template` is `dataDestination`."""

    dataflow: Dataflow
    profile: DataflowProfile
    source: ResolvedEndpoint
    destination: ResolvedEndpoint
    topic_filters: tuple[str, ...]
    topic_template: str

    @property
    def key(self) -> ResourceKey:
        """What identifies the data flow."""
        return self.dataflow.key

    @property
    def is_enabled(self) -> bool:
        """Whether the data flow is to run."""
        return self.dataflow.spec.mode == "Enabled"

    @property
    def instance_count(self) -> int:
        """How many copies of it run."""
        return self.profile.spec.instance_count

    @property
    def is_shared(self) -> bool:
        """Whether any of its subscriptions is a shared one, written so or for several instances."""
        return self.instance_count > 1 or any(each.startswith(SHARE_PREFIX) for each in self.topic_filters)

    @property
    def source_path(self) -> FieldPath:
        """Where the source's settings are."""
        return ("spec", "operations", self.dataflow.spec.source[0], "sourceSettings")

    @property
    def destination_path(self) -> FieldPath:
        """Where the destination's settings are."""
        return ("spec", "operations", self.dataflow.spec.destination[0], "destinationSettings")


def sent_filter(topic_filter: str) -> str:
    """Return a declared topic filter as it is sent: `$shared/` is another spelling of `$share/` (facts 2.3)."""
    if topic_filter.startswith(_SHARED_PREFIX):
        return "$share/" + topic_filter[len(_SHARED_PREFIX) :]
    return topic_filter


def resolve_endpoint(name: str, resources: ResourceSet) -> ResolvedEndpoint | None:
    """Return an endpoint by its name; None when there is none or it is not an MQTT one."""
    endpoint = resources.endpoints.get(name)
    settings = endpoint.spec.mqtt_settings if endpoint is not None else None
    return ResolvedEndpoint(endpoint, settings) if endpoint is not None and settings is not None else None


def resolve(dataflow: Dataflow, resources: ResourceSet) -> ResolvedFlow | None:
    """Put a data flow together with what it names; None when something is missing or no MQTT endpoint."""
    source, destination = dataflow.spec.source[1], dataflow.spec.destination[1]
    profile = resources.profiles.get(dataflow.spec.profile_ref)
    one = resolve_endpoint(source.endpoint_ref, resources)
    other = resolve_endpoint(destination.endpoint_ref, resources)
    if profile is None or one is None or other is None:
        return None
    topic_filters = tuple(dict.fromkeys(sent_filter(each) for each in source.data_sources))
    return ResolvedFlow(dataflow, profile, one, other, topic_filters, destination.data_destination)
