"""Rules across the broker's resources: what a listener names must be there, and no port is taken twice.

Knows the rules of facts 1.9. Does not know how a broker is run.
"""

import ipaddress
import re

from tidegate.mqtt.topics import filter_error, split_share
from tidegate.resources.base import ResourceKey
from tidegate.resources.broker_authentication import BrokerAuthentication
from tidegate.resources.broker_authorization import BrokerAuthorization
from tidegate.resources.broker_listener import BrokerListener, ListenerPort
from tidegate.resources.defaults import DEFAULT_LISTENER, DEFAULT_NAME
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.references import SecretNames
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath

__all__ = ["check_broker"]

_PLACEHOLDER = re.compile(r"\{principal\.(?:clientId|attributes\.[^}/]+)\}")
_DNS_NAME = re.compile(
    r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_DNS_NAME_CHARACTERS_MAX = 253
_MANUAL_KEYS = ("tls.crt", "tls.key")


def check_broker(resources: ResourceSet, secrets: SecretNames | None, findings: FindingList) -> None:
    """Check all resources of the broker; `secrets` None where nobody could look."""
    _check_names(resources, findings)
    ports: dict[int, str] = {}
    service_types: dict[str, str] = {}
    # The built-in one first, so that what is wrong is said of what somebody wrote.
    for listener in sorted(resources.listeners.values(), key=lambda each: each is not DEFAULT_LISTENER):
        service_type = listener.spec.service_type
        first = service_types.setdefault(service_type, listener.name)
        if first != listener.name:
            message = f"the listeners `{first}` and `{listener.name}` both have the service type {service_type}"
            hint = "put the ports of both into one listener, as a cluster wants it"
            findings.add("warning", "service-type", message, listener.key, ("spec", "serviceType"), hint)
        for index, port in enumerate(listener.spec.ports):
            path = ("spec", "ports", index)
            if port.port in ports:
                message = f"port {port.port} is taken by the listener `{ports[port.port]}`"
                findings.add("error", "port", message, listener.key, (*path, "port"), "choose another port")
            ports.setdefault(port.port, listener.name)
            _check_port(listener, port, path, resources, findings)
            _check_certificate(listener, port, path, resources, secrets, findings)
    for authentication in resources.authentications.values():
        _check_methods(authentication, resources, secrets, findings)
    for authorization in resources.authorizations.values():
        _check_topics(authorization, findings)


def _check_names(resources: ResourceSet, findings: FindingList) -> None:
    for broker in resources.brokers.values():
        if broker.name != DEFAULT_NAME:
            message = f"the Broker `{broker.name}` is not run: the embedded broker is the one named `{DEFAULT_NAME}`"
            hint = f"name it `{DEFAULT_NAME}`, or remove it"
            findings.add("warning", "broker-name", message, broker.key, ("metadata", "name"), hint)
    parts = (resources.listeners, resources.authentications, resources.authorizations)
    for part in (each for kind in parts for each in kind.values()):
        if part.spec.broker_ref != DEFAULT_NAME:
            message = f"there is no Broker `{part.spec.broker_ref}` that is run, only `{DEFAULT_NAME}`"
            hint = f"write `brokerRef: {DEFAULT_NAME}`"
            findings.add("error", "reference", message, part.key, ("spec", "brokerRef"), hint)


def _check_methods(
    authentication: BrokerAuthentication, resources: ResourceSet, secrets: SecretNames | None, findings: FindingList
) -> None:
    for index, method in enumerate(authentication.spec.authentication_methods):
        path = ("spec", "authenticationMethods", index)
        if method.method == "Custom":
            message = (
                "the method Custom asks a server of your own who a client is, which the embedded broker does not do"
            )
            hint = "use ServiceAccountToken, X509 or UsernamePassword, or another broker as the host of `default`"
            findings.add("error", "custom-authentication", message, authentication.key, (*path, "method"), hint)
        settings = method.x509_settings
        if settings is None:
            continue
        if settings.additional_validation == "AzureDeviceRegistry":
            message = "the embedded broker asks no device registry: whoever has a certificate of a trusted authority is let in"
            where = (*path, "x509Settings", "additionalValidation")
            hint = "say in a BrokerAuthorization which subjects may connect, and remove `additionalValidation`"
            findings.add("warning", "no-device-registry", message, authentication.key, where, hint)
        name = settings.trusted_client_ca_cert
        if secrets is None or name in resources.config_maps or name in secrets.config_maps:
            continue
        message = f"the config map `{name}` is neither declared nor found"
        hint = _meant(name, [*resources.config_maps, *secrets.config_maps]) or "declare it as a ConfigMap"
        where = (*path, "x509Settings", "trustedClientCaCert")
        findings.add("error", "config-map", message, authentication.key, where, hint)


def _check_topics(authorization: BrokerAuthorization, findings: FindingList) -> None:
    for rule_index, rule in enumerate(authorization.spec.authorization_policies.rules):
        for index, resource in enumerate(rule.broker_resources):
            for topic_index, topic in enumerate(resource.topics):
                filled = _PLACEHOLDER.sub("x", topic)
                error = filter_error(filled)
                if error is None and split_share(filled)[0] is not None:
                    error = "a rule is about plain filters, and looks through `$share/`"
                if error is None:
                    continue
                where = (
                    *("spec", "authorizationPolicies", "rules", rule_index),
                    *("brokerResources", index, "topics", topic_index),
                )
                message = f"`{topic}` allows nothing: {error}"
                hint = "write a topic filter, as `plant/+/temperature` or `plant/#`"
                findings.add("error", "topic-filter", message, authorization.key, where, hint)


def _check_port(
    listener: BrokerListener, port: ListenerPort, path: FieldPath, resources: ResourceSet, findings: FindingList
) -> None:
    for name, field, known, kind in (
        (port.authentication_ref, "authenticationRef", resources.authentications, "BrokerAuthentication"),
        (port.authorization_ref, "authorizationRef", resources.authorizations, "BrokerAuthorization"),
    ):
        if name is None or name in known or ResourceKey(kind, name) in resources.unread or not resources.is_complete:
            continue
        hint = _meant(name, list(known)) or f"declare a {kind} of that name"
        findings.add("error", "reference", f"there is no {kind} `{name}`", listener.key, (*path, field), hint)
    is_open = listener.spec.service_type != "ClusterIp"
    if is_open and port.authentication_ref is None:
        message = f"port {port.port} listens on all interfaces, and nobody is asked who they are"
        hint = "add `authenticationRef`, or use `serviceType: ClusterIp`"
        findings.add("warning", "open-listener", message, listener.key, path, hint)
    elif is_open and port.tls is None:
        message = (
            f"port {port.port} listens on all interfaces without TLS: credentials and messages travel in the clear"
        )
        findings.add("warning", "plain-listener", message, listener.key, path, "add `tls`")
    authentication = resources.authentications.get(port.authentication_ref or "")
    if authentication is not None and port.tls is None:
        for method in authentication.spec.authentication_methods:
            if method.method == "X509":
                message = f"port {port.port} has no TLS, which the method X509 of `{authentication.name}` needs"
                where = (*path, "authenticationRef")
                findings.add("error", "x509-without-tls", message, listener.key, where, "add `tls`")


def _check_certificate(
    listener: BrokerListener,
    port: ListenerPort,
    path: FieldPath,
    resources: ResourceSet,
    secrets: SecretNames | None,
    findings: FindingList,
) -> None:
    tls = port.tls
    if tls is None:
        return
    if tls.manual is not None and secrets is not None:
        name = tls.manual.secret_ref
        declared = resources.secrets.get(name)
        keys = frozenset(declared.content) if declared is not None else secrets.secrets.get(name)
        where = (*path, "tls", "manual", "secretRef")
        if keys is None:
            hint = (
                _meant(name, [*resources.secrets, *secrets.secrets])
                or "declare it as a Secret with `tls.crt` and `tls.key`"
            )
            findings.add(
                "error", "secret", f"the secret `{name}` is neither declared nor found", listener.key, where, hint
            )
        elif not keys.issuperset(_MANUAL_KEYS):
            missing = [key for key in _MANUAL_KEYS if key not in keys]
            message = f"the secret `{name}` has no {enumerate_words(missing)}"
            findings.add("error", "secret-key", message, listener.key, where, "put the PEM text under those keys")
    if tls.cert_manager_certificate_spec is not None:
        for index, text in enumerate(tls.cert_manager_certificate_spec.san.dns):
            if len(text) > _DNS_NAME_CHARACTERS_MAX or _DNS_NAME.fullmatch(text) is None:
                where = (*path, "tls", "certManagerCertificateSpec", "san", "dns", index)
                message = f"`{text}` is no DNS name that a certificate can hold"
                hint = "use letters, digits, `-` and `.`; the form of other letters begins with `xn--`"
                findings.add("error", "dns-name", message, listener.key, where, hint)
        for index, text in enumerate(tls.cert_manager_certificate_spec.san.ip):
            try:
                ipaddress.ip_address(text)
            except ValueError:
                where = (*path, "tls", "certManagerCertificateSpec", "san", "ip", index)
                message = f"{text} is no IP address"
                findings.add("error", "address", message, listener.key, where, "names belong under `dns`")


def _meant(name: str, known: list[str]) -> str | None:
    meant = closest(name, known)
    return f"did you mean `{meant}`?" if meant else None
