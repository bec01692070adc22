"""The words for what was found."""

import time

import pytest
from cryptography.x509 import load_pem_x509_certificate
from tests.certificates import ca
from tests.play import flow_plan, side_plan

from tidegate.engine.probe_findings import (
    Finding,
    authentication_words,
    capability_findings,
    publish_findings,
    sample_topics,
    subscribe_findings,
    tls_finding,
    tried_filters,
)
from tidegate.flow.plan import (
    AnonymousPlan,
    AuthenticationPlan,
    FlowPlan,
    SystemIdentityPlan,
    TokenPlan,
    UserIdentityPlan,
    X509Plan,
)
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.net.tls_peer import TlsPeer
from tidegate.transform.spec import TransformSpec

DAY = 86_400


def writing(template: str, *filters: str, prefix: str = "") -> FlowPlan:
    transform = TransformSpec(topic_template=template, topic_prefix=prefix)
    return flow_plan(topic_filters=filters or ("plant/#",), transform=transform)


def test_what_is_announced_is_held_against_what_is_needed() -> None:
    poor = ServerLimits(
        maximum_qos=0,
        retain_available=False,
        packet_bytes_max=1000,
        wildcard_subscription_available=False,
        shared_subscription_available=False,
    )
    flow = flow_plan(topic_filters=("a/#",))
    shared = flow_plan(name="other", topic_filters=("$share/g/a",))
    found = capability_findings(poor, [flow, shared], [flow])
    assert [(each.state, each.detail.partition(":")[0]) for each in found] == [
        (
            "skipped",
            "QoS 0 at most, packets up to 1000 bytes, 65535 messages in flight; no wildcards, "
            "no shared subscriptions, no retained messages",
        ),
        ("error", "flow"),
        ("error", "other"),
        ("error", "flow"),
        ("warning", "flow"),
    ]
    assert all(each.hint for each in found[1:])
    assert [each.state for each in capability_findings(ServerLimits(), [flow, shared], [flow])] == ["success"]


def test_filters_are_tried_once_and_never_in_somebodys_group() -> None:
    flows = [
        flow_plan(topic_filters=("a/#", "$share/real/b/+")),
        flow_plan(topic_filters=("a/#",)),
        flow_plan(topic_filters=("a/#",), source=side_plan("source", qos=0)),
    ]
    assert tried_filters(flows, "own") == [("a/#", 1), ("$share/own/b/+", 1), ("a/#", 0)]


def test_what_subscriptions_are_granted() -> None:
    asked = [("a", 1), ("b", 1), ("c", 0), ("d", 1)]
    assert list(subscribe_findings(asked, [1, 0, 0, 0x87])) == [
        Finding(
            "subscribe",
            "warning",
            "`b` is granted QoS 0, and 1 was asked for",
            "let the broker grant QoS 1, on which the promise stands",
        ),
        Finding(
            "subscribe",
            "error",
            "`d` is refused: 0x87 not authorized",
            "allow this client to subscribe to the topic filter at the source broker",
        ),
        Finding("subscribe", "success", "may read `a`, `c`"),
    ]


@pytest.mark.parametrize(
    ("flow", "topics"),
    [
        (writing("north/${inputTopic}", "plant/+/state", "x"), ["north/plant/tidegate-check/state", "north/x"]),
        (writing("fixed", "a/#", "b/#"), ["fixed"]),
        (writing("${outputTopic}"), ["tidegate-check"]),
        (writing("${inputTopic.5}"), []),
        (writing("remote/${inputTopic}", "#", prefix="local/"), ["remote/tidegate-check"]),
        (writing("remote/${inputTopic}", "$share/g/local/#", prefix="local/"), ["remote/tidegate-check"]),
    ],
)
def test_topics_that_would_be_written(flow: FlowPlan, topics: list[str]) -> None:
    assert sample_topics([flow, flow]) == topics


def test_what_may_be_written() -> None:
    found = list(publish_findings(["a", "b", "c"], [0, 0x87, 0xA3]))
    assert [(each.state, each.detail) for each in found] == [
        ("error", "`b` is refused: 0x87 not authorized"),
        ("error", "`c` is refused: 0xA3 unknown reason"),
        ("success", "may write `a`"),
    ]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (AnonymousPlan(), "Anonymous"),
        (X509Plan(secret="s"), "X509Certificate of the secret s"),
        (TokenPlan(audience="a"), "ServiceAccountToken for the audience a"),
        (SystemIdentityPlan(audience="a"), "SystemAssignedManagedIdentity for the audience a"),
        (UserIdentityPlan(client_id="c", tenant_id="t", scope="s", audience="a"), "UserAssignedManagedIdentity c"),
    ],
)
def test_as_whom_an_endpoint_comes(plan: AuthenticationPlan, words: str) -> None:
    assert authentication_words(plan) == words


def test_a_certificate_that_ends_soon_is_warned_of() -> None:
    authority = ca("plant")
    chain = tuple(map(load_pem_x509_certificate, (authority.server("localhost").certificate, authority.certificate)))
    peer = TlsPeer("TLSv1.3", "AES", chain)
    end = min(each.not_valid_after_utc.timestamp() for each in chain)
    assert tls_finding(peer, time.time(), 1.0).state == "success"
    near = tls_finding(peer, end - DAY, 14.0)
    assert (near.state, near.hint) == ("warning", "have it renewed before that day")
    assert near.detail.endswith("in 1 day")
    assert tls_finding(peer, end - DAY, 0.0).state == "success"
    assert tls_finding(TlsPeer("TLSv1.3", "AES", ()), 0.0, 14.0) == Finding("tls", "success", "TLSv1.3 with AES; ")
