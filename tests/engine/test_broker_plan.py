"""From resources to the broker's plan; the findings are in tests/cases/manifests/broker_*.case."""

from pathlib import PurePath

from tidegate.broker.plan import (
    AccessRule,
    BrokerPlan,
    ListenerPlan,
    PasswordMethod,
    TlsAutomatic,
    TlsManual,
    TokenMethod,
    X509Method,
)
from tidegate.engine.broker_plan import LOOPBACK
from tidegate.engine.plan import build, validate
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings

SETTINGS = Settings(data_dir=PurePath("state"))
HEAD = "apiVersion: mqttbroker.iotoperations.azure.com/v1\n"
FLOW = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {name: uplink}
spec:
  profileRef: default
  operations:
    - operationType: Source
      sourceSettings: {endpointRef: default, dataSources: [a]}
    - operationType: Destination
      destinationSettings: {endpointRef: default, dataDestination: b}
"""


def planned(*texts: str, settings: Settings = SETTINGS) -> BrokerPlan | None:
    declared = parse([SourceText("manifest.yaml", "---\n".join(texts))])
    assert not declared.diagnostics, declared.diagnostics
    return build(declared.resources, settings).broker


def test_when_it_runs() -> None:
    default = planned(FLOW)
    assert default == BrokerPlan(
        listeners=(
            ListenerPlan(name="default", addresses=LOOPBACK, port=18883, tls=TlsAutomatic(), authentication="default"),
        ),
        authentications={"default": (TokenMethod(("aio-internal",)),)},
    )
    assert planned("") == default, "without anything declared"
    assert planned(FLOW.replace("  profileRef", "  mode: Disabled\n  profileRef")) is None
    assert planned(FLOW, settings=Settings(data_dir=PurePath("state"), no_broker=True)) is None
    elsewhere = FLOW.replace("endpointRef: default", "endpointRef: elsewhere")
    assert planned(elsewhere) is None
    assert planned(elsewhere, HEAD + "kind: Broker\nmetadata: {name: default}\nspec: {}\n") is not None


def test_flows_of_the_embedded_broker_say_so() -> None:
    declared = parse([SourceText("manifest.yaml", FLOW)])
    (flow,) = build(declared.resources, SETTINGS).flows
    assert flow.source.endpoint.is_embedded and flow.source.endpoint.port == 18883
    remote = Settings(data_dir=PurePath("state"), no_broker=True)
    (flow,) = build(declared.resources, remote).flows
    assert not flow.source.endpoint.is_embedded


def test_the_certificate_names_what_data_flows_call_the_broker() -> None:
    host = "aio-broker.site.svc.cluster.local"
    endpoint = f"""kind: DataflowEndpoint
metadata: {{name: site}}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: {host}:18883
    tls: {{mode: Enabled}}
    authentication: {{method: ServiceAccountToken, serviceAccountTokenSettings: {{audience: aio-internal}}}}
"""
    plan = planned(
        FLOW.replace("endpointRef: default", "endpointRef: site"), HEAD.replace("mqttbroker", "connectivity") + endpoint
    )
    assert plan is not None
    assert [each.tls for each in plan.listeners] == [TlsAutomatic((host,))]
    plan = planned(FLOW)
    assert plan is not None and [each.tls for each in plan.listeners] == [TlsAutomatic()]


def test_settings_become_a_plan() -> None:
    plan = planned(
        HEAD
        + """kind: Broker
metadata: {name: default}
spec:
  persistence: {sessions: Asked, dynamicSettings: {userPropertyKey: keep, userPropertyValue: "yes"}}
  advanced:
    clients:
      maxSessionExpirySeconds: 60
      maxPacketSizeBytes: 2048
      maxReceiveMaximum: 9
      maxKeepAliveSeconds: 30
      maxMessageExpirySeconds: 40
      subscriberQueueLimit: {length: 7, strategy: DropOldest}
""",
        HEAD
        + """kind: BrokerListener
metadata: {name: default}
spec:
  serviceType: LoadBalancer
  ports:
    - {port: 1883, protocol: WebSockets, authenticationRef: all, authorizationRef: rules}
    - {port: 8883, tls: {mode: Manual, manual: {secretRef: site}}}
    - {port: 8884, tls: {mode: Automatic, certManagerCertificateSpec: {san: {dns: [gw], ip: [192.0.2.1]}}}}
""",
        HEAD
        + """kind: BrokerAuthentication
metadata: {name: all}
spec:
  authenticationMethods:
    - method: X509
      x509Settings:
        trustedClientCaCert: ca
        authorizationAttributes: {press: {subject: "CN = press", attributes: {line: one}}}
    - method: UsernamePassword
""",
        HEAD
        + """kind: BrokerAuthorization
metadata: {name: rules}
spec:
  authorizationPolicies:
    rules:
      - principals: {clientIds: [one], usernames: [alice, "CN = press, O = Plant"], attributes: [{line: one}]}
        brokerResources:
          - {method: Connect, clientIds: [one, two]}
          - {method: Publish, topics: [a]}
          - {method: Subscribe, topics: ["b/#"]}
""",
    )
    assert plan is not None
    limits = plan.limits
    assert (limits.session_expiry_seconds_max, limits.packet_bytes_max, limits.send_maximum) == (60, 2048, 9)
    assert (limits.keep_alive_seconds_max, limits.message_expiry_seconds_max) == (30, 40)
    assert (limits.queued_messages_max, limits.queue_strategy, limits.durable_sessions) == (7, "DropOldest", "asked")
    assert limits.persistence_property == ("keep", "yes")
    assert [(each.port, each.protocol, each.tls) for each in plan.listeners] == [
        (1883, "WebSockets", None),
        (8883, "Mqtt", TlsManual("site")),
        (8884, "Mqtt", TlsAutomatic(("gw", "192.0.2.1"))),
    ]
    assert {each.addresses for each in plan.listeners} == {("0.0.0.0", "::")}
    x509, password = plan.authentications["all"]
    assert isinstance(x509, X509Method) and isinstance(password, PasswordMethod)
    assert [each.subject for each in x509.attributes] == ["CN=press"], "in the form that certificates are compared in"
    assert plan.authorizations["rules"] == (
        AccessRule(
            client_ids=frozenset({"one"}),
            subjects=frozenset({"alice", "CN=press,O=Plant"}),
            attributes=((("line", "one"),),),
            may_connect=True,
            connect=("one", "two"),
            publish=("a",),
            subscribe=("b/#",),
        ),
    )


def test_promise_07_nobody_comes_in_unnamed_or_from_elsewhere_unless_declared() -> None:
    default = planned("")
    assert default is not None
    assert [(each.addresses, each.authentication) for each in default.listeners] == [(LOOPBACK, "default")]
    assert default.authentications["default"], "there is a method that has to be passed"
    listener = HEAD + "kind: BrokerListener\nmetadata: {name: more}\nspec: {ports: [{port: 1883}]}\n"
    # A listener of which nothing is said about who may reach it is on loopback too, and other settings open none.
    for text in (listener, HEAD + "kind: Broker\nmetadata: {name: default}\nspec: {}\n"):
        plan = planned(text)
        assert plan is not None
        assert {each.addresses for each in plan.listeners} == {LOOPBACK}
        assert [each.name for each in plan.listeners if each.authentication is None] == (
            ["more"] if text is listener else []
        )
    open_listener = listener.replace("spec: {", "spec: {serviceType: LoadBalancer, ")
    declared = parse([SourceText("manifest.yaml", open_listener)])
    found = validate(declared.resources, declared.source_map, SETTINGS, None)
    assert "open-listener" in [finding.code for finding in found]
