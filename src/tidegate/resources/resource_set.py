"""All declared resources together, by kind and name, with those that exist without being declared.

Knows what was declared, and what was declared but could not be read. Does not know rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tidegate.resources.base import Resource, ResourceKey
from tidegate.resources.broker import Broker
from tidegate.resources.broker_authentication import BrokerAuthentication
from tidegate.resources.broker_authorization import BrokerAuthorization
from tidegate.resources.broker_listener import BrokerListener
from tidegate.resources.core import ConfigMap, Secret
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.dataflow_profile import DataflowProfile
from tidegate.resources.defaults import (
    DEFAULT_AUTHENTICATION,
    DEFAULT_BROKER,
    DEFAULT_ENDPOINT,
    DEFAULT_LISTENER,
    DEFAULT_NAME,
    DEFAULT_PROFILE,
)

__all__ = ["ResourceSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSet:
    """The declared world. `declared` are the resources that somebody wrote; `unread` names those that do not validate;
    `declares_broker` says that any resource of the broker was declared; `is_complete` is false when a whole text did not
    parse, so that a reference to something that is not here may still be right.
    """

    endpoints: Mapping[str, DataflowEndpoint]
    dataflows: Mapping[str, Dataflow]
    profiles: Mapping[str, DataflowProfile]
    secrets: Mapping[str, Secret]
    config_maps: Mapping[str, ConfigMap]
    brokers: Mapping[str, Broker]
    listeners: Mapping[str, BrokerListener]
    authentications: Mapping[str, BrokerAuthentication]
    authorizations: Mapping[str, BrokerAuthorization]
    declared: tuple[Resource, ...] = ()
    declares_broker: bool = False
    unread: frozenset[ResourceKey] = frozenset()
    is_complete: bool = True

    @classmethod
    def of(
        cls, resources: Iterable[Resource], *, unread: frozenset[ResourceKey] = frozenset(), is_complete: bool = True
    ) -> "ResourceSet":
        """Gather resources, in the order of their names; the built-in `default` ones fill in where none is declared."""
        gathered = sorted(resources, key=lambda resource: resource.key)
        endpoints = {each.name: each for each in gathered if isinstance(each, DataflowEndpoint)}
        profiles = {each.name: each for each in gathered if isinstance(each, DataflowProfile)}
        if DEFAULT_ENDPOINT.key not in unread:
            endpoints.setdefault(DEFAULT_NAME, DEFAULT_ENDPOINT)
        if DEFAULT_PROFILE.key not in unread:
            profiles.setdefault(DEFAULT_NAME, DEFAULT_PROFILE)
        brokers = {each.name: each for each in gathered if isinstance(each, Broker)}
        listeners = {each.name: each for each in gathered if isinstance(each, BrokerListener)}
        authentications = {each.name: each for each in gathered if isinstance(each, BrokerAuthentication)}
        authorizations = {each.name: each for each in gathered if isinstance(each, BrokerAuthorization)}
        declares_broker = bool(brokers or listeners or authentications or authorizations)
        if DEFAULT_BROKER.key not in unread:
            brokers.setdefault(DEFAULT_NAME, DEFAULT_BROKER)
        if DEFAULT_LISTENER.key not in unread:
            listeners.setdefault(DEFAULT_NAME, DEFAULT_LISTENER)
        if DEFAULT_AUTHENTICATION.key not in unread:
            authentications.setdefault(DEFAULT_NAME, DEFAULT_AUTHENTICATION)
        return cls(
            endpoints=endpoints,
            dataflows={each.name: each for each in gathered if isinstance(each, Dataflow)},
            profiles=profiles,
            secrets={each.name: each for each in gathered if isinstance(each, Secret)},
            config_maps={each.name: each for each in gathered if isinstance(each, ConfigMap)},
            brokers=brokers,
            listeners=listeners,
            authentications=authentications,
            authorizations=authorizations,
            declared=tuple(gathered),
            declares_broker=declares_broker,
            unread=unread,
            is_complete=is_complete,
        )

    def all(self) -> tuple[Resource, ...]:
        """Return every resource, the built-in ones included."""
        groups: tuple[Mapping[str, Resource], ...] = (
            self.endpoints,
            self.profiles,
            self.dataflows,
            self.secrets,
            self.config_maps,
            self.brokers,
            self.listeners,
            self.authentications,
            self.authorizations,
        )
        return tuple(resource for group in groups for resource in group.values())
