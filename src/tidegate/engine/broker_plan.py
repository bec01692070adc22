"""From the broker's resources to a plan, and whether a broker runs at all.

Knows how declared settings become limits, listeners, methods and rules, and how data flows' endpoints fit them. Does not
know sockets or secrets' contents.
"""

from tidegate.broker.limits import BrokerLimits, DurableSessions
from tidegate.broker.plan import (
    AccessRule,
    BrokerPlan,
    ListenerPlan,
    MethodPlan,
    PasswordMethod,
    TlsAutomatic,
    TlsManual,
    TokenMethod,
    X509Attributes,
    X509Method,
)
from tidegate.resources.broker_authentication import BrokerAuthentication, Method
from tidegate.resources.broker_authorization import AuthorizationRule, BrokerAuthorization
from tidegate.resources.broker_listener import ListenerPort, ListenerTls
from tidegate.resources.certificate_subject import SubjectError, canonical_subject
from tidegate.resources.defaults import DEFAULT_BROKER, DEFAULT_NAME
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import enumerate_words
from tidegate.resources.resolved_flow import ResolvedEndpoint, ResolvedFlow
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath
from tidegate.resources.token_rules import IDENTITY_METHODS
from tidegate.resources.values import parse_host
from tidegate.settings import Settings

__all__ = ["EMBEDDED_PORT", "broker_plan", "check_embedded", "embedded_port", "is_embedded"]

EMBEDDED_PORT = 18883
LOOPBACK = ("127.0.0.1", "::1")
ALL_INTERFACES = ("0.0.0.0", "::")  # noqa: S104 - what a service type other than ClusterIp asks for

_EMBEDDED_LABEL = "aio-broker"
_DURABLE: dict[str, DurableSessions] = {"Expiring": "expiring", "Asked": "asked", "None": "none"}


def is_embedded(endpoint: ResolvedEndpoint, settings: Settings) -> bool:
    """Tell whether an endpoint means the broker of this process: by its host, `aio-broker` or none."""
    return not settings.no_broker and endpoint.host.partition(".")[0] == _EMBEDDED_LABEL


def broker_plan(resources: ResourceSet, flows: list[ResolvedFlow], settings: Settings) -> BrokerPlan | None:
    """Return the broker that is to run, None when nothing needs it (design, section 4)."""
    if settings.no_broker:
        return None
    sides = [side for flow in flows if flow.is_enabled for side in (flow.source, flow.destination)]
    hosts = sorted({side.host.removesuffix(".") for side in sides if is_embedded(side, settings)})
    if not hosts and not resources.declares_broker and resources.dataflows:
        return None
    return BrokerPlan(
        listeners=tuple(
            _listener_plan(listener.name, listener.spec.service_type == "ClusterIp", port, hosts)
            for listener in resources.listeners.values()
            for port in listener.spec.ports
        ),
        authentications={name: _methods(each) for name, each in resources.authentications.items()},
        authorizations={name: _rules(each) for name, each in resources.authorizations.items()},
        limits=_limits(resources),
    )


def check_embedded(
    flow: ResolvedFlow, endpoint: ResolvedEndpoint, path: FieldPath, resources: ResourceSet, findings: FindingList
) -> None:
    """Check that the embedded broker has a port as an endpoint wants it: the in-memory link stands for that port."""
    ports = {port.port: port for listener in resources.listeners.values() for port in listener.spec.ports}
    number = embedded_port(endpoint)
    where = (*path, "endpointRef")
    port = ports.get(number)
    if port is None:
        message = (
            f"the endpoint `{endpoint.name}` means port {number} of the embedded broker, which has no listener there"
        )
        shown = enumerate_words([str(each) for each in sorted(ports)])
        findings.add(
            "error", "no-listener", message, flow.key, where, f"it listens on {shown}; declare a BrokerListener"
        )
        return
    wants_tls = endpoint.settings.tls.mode == "Enabled"
    if wants_tls is not (port.tls is not None):
        has, wants = ("TLS", "none") if port.tls is not None else ("no TLS", "it")
        message = f"port {number} of the embedded broker has {has}, and the endpoint `{endpoint.name}` wants {wants}"
        hint = f"set `tls.mode: {'Enabled' if port.tls is not None else 'Disabled'}` in the endpoint"
        findings.add("error", "tls-mismatch", message, flow.key, where, hint)
    if (endpoint.settings.protocol == "WebSockets") is not (port.protocol == "WebSockets"):
        message = f"port {number} of the embedded broker speaks {port.protocol}, and the endpoint "
        message += f"`{endpoint.name}` {endpoint.settings.protocol}"
        findings.add("error", "protocol-mismatch", message, flow.key, where, f"set `protocol: {port.protocol}`")
    _check_method(flow, endpoint, number, port, where, resources, findings)


def embedded_port(endpoint: ResolvedEndpoint) -> int:
    """Return the port of the embedded broker that an endpoint means."""
    host = endpoint.settings.host
    return (parse_host(host).port if host is not None else None) or EMBEDDED_PORT


def _check_method(
    flow: ResolvedFlow,
    endpoint: ResolvedEndpoint,
    number: int,
    port: ListenerPort,
    where: FieldPath,
    resources: ResourceSet,
    findings: FindingList,
) -> None:
    authentication = endpoint.settings.authentication
    methods = resources.authentications.get(port.authentication_ref or "")
    if port.authentication_ref is None:
        if authentication.method == "ServiceAccountToken" or authentication.method in IDENTITY_METHODS:
            message = f"port {number} of the embedded broker has no authentication, and the endpoint "
            message += f"`{endpoint.name}` uses the method {authentication.method}"
            findings.add("error", "method-mismatch", message, flow.key, where, "use `method: Anonymous`")
        return
    if methods is None:
        return
    offered = {method.method: method for method in methods.spec.authentication_methods}
    needed = {"ServiceAccountToken": "ServiceAccountToken", "X509Certificate": "X509"}.get(authentication.method)
    if needed is None or needed not in offered:
        message = f"port {number} of the embedded broker takes {enumerate_words(list(offered))}, and the endpoint "
        message += f"`{endpoint.name}` uses the method {authentication.method}"
        findings.add("error", "method-mismatch", message, flow.key, where, "use a method that the port takes")
        return
    tokens = offered[needed].service_account_token_settings
    wanted = authentication.service_account_token_settings
    if tokens is not None and wanted is not None and wanted.audience not in tokens.audiences:
        message = f"the endpoint `{endpoint.name}` uses the audience {wanted.audience}, and `{methods.name}` takes "
        message += enumerate_words(tokens.audiences)
        findings.add("error", "audience", message, flow.key, where, f"use the audience `{tokens.audiences[0]}`")


def _listener_plan(name: str, is_loopback: bool, port: ListenerPort, hosts: list[str]) -> ListenerPlan:
    return ListenerPlan(
        name=name,
        addresses=LOOPBACK if is_loopback else ALL_INTERFACES,
        port=port.port,
        protocol=port.protocol,
        tls=_tls(port.tls, hosts),
        authentication=port.authentication_ref,
        authorization=port.authorization_ref,
    )


def _tls(tls: ListenerTls | None, hosts: list[str]) -> TlsAutomatic | TlsManual | None:
    """Return a port's TLS. The automatic certificate names `hosts` too, by which data flows call the broker: workers and
    commands verify the name that their endpoint has."""
    if tls is None:
        return None
    if tls.manual is not None:
        return TlsManual(tls.manual.secret_ref)
    spec = tls.cert_manager_certificate_spec
    given = (*spec.san.dns, *spec.san.ip) if spec is not None else ()
    return TlsAutomatic((*given, *(host for host in hosts if host not in (*given, _EMBEDDED_LABEL))))


def _methods(authentication: BrokerAuthentication) -> tuple[MethodPlan, ...]:
    return tuple(_method(method) for method in authentication.spec.authentication_methods)


def _method(method: Method) -> MethodPlan:
    if method.service_account_token_settings is not None:
        return TokenMethod(tuple(method.service_account_token_settings.audiences))
    if method.x509_settings is not None:
        return X509Method(
            method.x509_settings.trusted_client_ca_cert,
            tuple(
                X509Attributes(rule, each.subject, tuple(sorted(each.attributes.items())))
                for rule, each in method.x509_settings.authorization_attributes.items()
            ),
        )
    assert method.method == "UsernamePassword", "Custom was refused before"
    return PasswordMethod()


def _rules(authorization: BrokerAuthorization) -> tuple[AccessRule, ...]:
    return tuple(_rule(rule) for rule in authorization.spec.authorization_policies.rules)


def _rule(rule: AuthorizationRule) -> AccessRule:
    connects = [each for each in rule.broker_resources if each.method == "Connect"]
    return AccessRule(
        client_ids=frozenset(rule.principals.client_ids),
        subjects=frozenset(map(_subject, rule.principals.usernames)),
        attributes=tuple(tuple(sorted(each.items())) for each in rule.principals.attributes),
        may_connect=bool(connects),
        connect=()
        if any(not each.client_ids for each in connects)
        else tuple(client_id for each in connects for client_id in each.client_ids),
        publish=tuple(topic for each in rule.broker_resources if each.method == "Publish" for topic in each.topics),
        subscribe=tuple(topic for each in rule.broker_resources if each.method == "Subscribe" for topic in each.topics),
    )


def _subject(username: str) -> str:
    """Return a user name as it is, and a certificate's subject in the form that certificates are compared in."""
    try:
        return canonical_subject(username)
    except SubjectError:
        return username


def _limits(resources: ResourceSet) -> BrokerLimits:
    spec = resources.brokers.get(DEFAULT_NAME, DEFAULT_BROKER).spec
    clients, asks = spec.advanced.clients, spec.persistence.dynamic_settings
    return BrokerLimits(
        packet_bytes_max=clients.max_packet_size_bytes,
        send_maximum=clients.max_receive_maximum,
        session_expiry_seconds_max=clients.max_session_expiry_seconds,
        message_expiry_seconds_max=clients.max_message_expiry_seconds,
        keep_alive_seconds_max=clients.max_keep_alive_seconds,
        queued_messages_max=clients.subscriber_queue_limit.length,
        queue_strategy=clients.subscriber_queue_limit.strategy,
        durable_sessions=_DURABLE[spec.persistence.kept_sessions],
        persistence_property=(asks.user_property_key, asks.user_property_value),
    )
