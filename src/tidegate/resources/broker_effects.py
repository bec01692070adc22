"""What is declared of the broker and has no effect here, or another one: said, never silent (facts 1.9).

Knows which settings of a cluster mean something on one machine. Does not know which references resolve (`broker_rules`).
"""

from tidegate.resources.broker import Broker
from tidegate.resources.broker_authorization import BrokerAuthorization
from tidegate.resources.defaults import (
    DEFAULT_AUTHENTICATION,
    DEFAULT_BROKER,
    DEFAULT_LISTENER,
    DEFAULT_NAME,
)
from tidegate.resources.finding_list import FindingList
from tidegate.resources.ignored_fields import ignored_fields
from tidegate.resources.resource_set import ResourceSet

__all__ = ["check_broker_effects"]

_BUILT_IN = (DEFAULT_BROKER, DEFAULT_LISTENER, DEFAULT_AUTHENTICATION)
_OWN_NAME = "aio-broker"
_NO_EFFECT = "no-effect"


def check_broker_effects(resources: ResourceSet, findings: FindingList) -> None:
    """Say of each field that somebody has set when it has no effect."""
    brokers = {name: each for name, each in resources.brokers.items() if name == DEFAULT_NAME}
    kinds = (brokers, resources.listeners, resources.authentications, resources.authorizations)
    for resource in (each for kind in kinds for each in kind.values()):
        if resource in _BUILT_IN:
            continue
        for path, reason in ignored_fields(resource):
            message = f"{path[-1]} has no effect: {reason}"
            findings.add("information", _NO_EFFECT, message, resource.key, path, at="name")
    for listener in resources.listeners.values():
        name = listener.spec.service_name
        if name not in (None, _OWN_NAME):
            message = f"serviceName has no effect: data flows mean the embedded broker by the host `{_OWN_NAME}`"
            findings.add("information", _NO_EFFECT, message, listener.key, ("spec", "serviceName"), at="name")
    for broker in brokers.values():
        _check_persistence(broker, findings)
    for authorization in resources.authorizations.values():
        _check_state_store(authorization, findings)
    _check_requests(resources, findings)


def _check_persistence(broker: Broker, findings: FindingList) -> None:
    persistence = broker.spec.persistence
    where = ("spec", "persistence")
    if persistence.encryption is not None and persistence.encryption != {"mode": "Disabled"}:
        message = "what the embedded broker keeps on disk is not encrypted by it"
        hint = "put the data directory on an encrypted volume, and remove `encryption`"
        findings.add("warning", "no-encryption", message, broker.key, (*where, "encryption"), hint)
    for field, policy, what in (
        ("retain", persistence.retain, "all retained messages"),
        ("stateStore", persistence.state_store, "all keys of the state store"),
    ):
        if policy is not None and policy.mode != "All":
            message = f"the mode {policy.mode} has no effect: {what} are kept on disk"
            findings.add("information", _NO_EFFECT, message, broker.key, (*where, field, "mode"))
    queue = persistence.subscriber_queue
    if queue is not None and persistence.sessions is not None:
        message = f"subscriberQueue has no effect: `sessions: {persistence.sessions}` says whose sessions are kept"
        findings.add("warning", _NO_EFFECT, message, broker.key, (*where, "subscriberQueue"), "remove one", at="name")


def _check_state_store(authorization: BrokerAuthorization, findings: FindingList) -> None:
    for index, rule in enumerate(authorization.spec.authorization_policies.rules):
        if rule.state_store_resources:
            message = "rules for single keys have no effect: who may publish to the state store may read and write all"
            where = ("spec", "authorizationPolicies", "rules", index, "stateStoreResources")
            hint = "allow `Publish` to `statestore/#` only to those who may"
            findings.add("warning", _NO_EFFECT, message, authorization.key, where, hint, at="name")


def _check_requests(resources: ResourceSet, findings: FindingList) -> None:
    """Warn of data flows that ask for what the broker is told not to give."""
    broker = resources.brokers.get(DEFAULT_NAME, DEFAULT_BROKER)
    if broker.spec.persistence.kept_sessions != "None":
        return
    for dataflow in resources.dataflows.values():
        if dataflow.spec.request_disk_persistence == "Enabled":
            message = "requestDiskPersistence has no effect: the embedded broker keeps no session on disk"
            hint = "let the Broker keep sessions of clients that ask: `persistence: {sessions: Asked}`"
            where = ("spec", "requestDiskPersistence")
            findings.add("warning", _NO_EFFECT, message, dataflow.key, where, hint, at="name")
