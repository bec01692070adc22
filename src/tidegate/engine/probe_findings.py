"""What an endpoint was found to be, step by step, and the words for it.

Knows steps, states and advice. Does not connect to anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography.x509 import Certificate

from tidegate.auth.expiry import Expiry
from tidegate.flow.plan import (
    AnonymousPlan,
    AuthenticationPlan,
    FlowPlan,
    SystemIdentityPlan,
    TokenPlan,
    UserIdentityPlan,
    X509Plan,
)
from tidegate.flow.policy import PUBLISH_REJECTIONS, SUBSCRIBE_REMEDIES, reason_name
from tidegate.flow.requirements import Shortcoming, destination_refusal, source_refusal
from tidegate.mqtt.server_limits import ServerLimits
from tidegate.mqtt.topics import SHARE_PREFIX, split_share
from tidegate.net.tls_peer import TlsPeer
from tidegate.transform.topic_template import Unresolvable, parse

__all__ = [
    "Finding",
    "State",
    "StepName",
    "authentication_words",
    "capability_findings",
    "publish_findings",
    "sample_topics",
    "subscribe_findings",
    "tls_finding",
    "tried_filters",
]

StepName = Literal[
    "credential",
    "dns",
    "tcp",
    "tls",
    "websocket",
    "connect",
    "authentication",
    "capabilities",
    "subscribe",
    "publish",
]
State = Literal["success", "warning", "error", "skipped"]

LEVEL = "tidegate-check"
"""What stands for a wildcard in the topics that are tried."""

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what was found."""

    step: StepName
    state: State
    detail: str
    hint: str | None = None


def tls_finding(peer: TlsPeer, now_wall: float, warning_days: float) -> Finding:
    """Tell what the server has shown, and warn where something of it ends soon."""
    names = " <- ".join(_name(each) for each in peer.certificates)
    ends = [(each.not_valid_after_utc.timestamp(), each) for each in peer.certificates]
    detail = f"{peer.version} with {peer.cipher}; {names}"
    if not ends:
        return Finding("tls", "success", detail)
    end, first = min(ends, key=lambda each: each[0])
    days = int((end - now_wall) // _DAY_SECONDS)
    date = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d")
    detail += f"; {_name(first)} ends on {date}, in {days} day{'' if days == 1 else 's'}"
    expiry = Expiry(
        kind="certificate",
        name=_name(first),
        begins_wall=first.not_valid_before_utc.timestamp(),
        expires_wall=end,
    )
    if warning_days and now_wall >= expiry.warns_at_wall(warning_days * _DAY_SECONDS):
        return Finding("tls", "warning", detail, "have it renewed before that day")
    return Finding("tls", "success", detail)


def authentication_words(plan: AuthenticationPlan) -> str:
    """Say as whom an endpoint comes, without anything secret."""
    match plan:
        case AnonymousPlan():
            return "Anonymous"
        case X509Plan(secret=secret):
            return f"X509Certificate of the secret {secret}"
        case TokenPlan(audience=audience):
            return f"ServiceAccountToken for the audience {audience}"
        case SystemIdentityPlan(audience=audience):
            return f"SystemAssignedManagedIdentity for the audience {audience}"
        case UserIdentityPlan(client_id=client_id):
            return f"UserAssignedManagedIdentity {client_id}"


def capability_findings(
    limits: ServerLimits, reading: Sequence[FlowPlan], writing: Sequence[FlowPlan]
) -> list[Finding]:
    """Hold what the server announced against what the data flows need.

    How long it keeps sessions is not told to a client whose session ends with it.
    """
    found: dict[str, Finding] = {}

    def say(state: State, flow: FlowPlan, shortcoming: Shortcoming | None) -> None:
        if shortcoming is not None:
            detail = f"{flow.name}: {shortcoming.detail}"
            found.setdefault(detail, Finding("capabilities", state, detail, shortcoming.remedy))

    for flow in reading:
        say("error", flow, source_refusal(flow, limits))
    for flow in writing:
        say("error", flow, destination_refusal(flow, limits))
        if flow.retain_mode == "Keep" and not limits.retain_available:
            detail = (
                "the destination takes no retained messages, and the flow keeps the flag: such messages are dropped"
            )
            say("warning", flow, Shortcoming(detail, "set retain: Never on the destination endpoint"))
    state: State = "success" if not any(each.state == "error" for each in found.values()) else "error"
    return [Finding("capabilities", "success" if state == "success" else "skipped", _limits(limits)), *found.values()]


def tried_filters(reading: Sequence[FlowPlan], share_name: str) -> list[tuple[str, int]]:
    """Return the filters to subscribe to, with their QoS, each once.

    A shared subscription is tried under a share name of its own: a member of the true one would be given messages.
    """
    tried: dict[tuple[str, int], None] = {}
    for flow in reading:
        for topic_filter in flow.topic_filters:
            group, pattern = split_share(topic_filter)
            wanted = pattern if group is None else f"{SHARE_PREFIX}{share_name}/{pattern}"
            tried[wanted, flow.source.qos] = None
    return list(tried)


def subscribe_findings(asked: Sequence[tuple[str, int]], answers: Sequence[int]) -> Iterable[Finding]:
    """Tell which filters the server grants, and with which QoS."""
    granted = []
    for (topic_filter, qos), code in zip(asked, answers, strict=True):
        if code >= 0x80:
            hint = SUBSCRIBE_REMEDIES.get(code, "look at the broker's log")
            yield Finding("subscribe", "error", f"`{topic_filter}` is refused: {reason_name(code)}", hint)
        elif code < qos:
            detail = f"`{topic_filter}` is granted QoS {code}, and {qos} was asked for"
            yield Finding(
                "subscribe", "warning", detail, f"let the broker grant QoS {qos}, on which the promise stands"
            )
        else:
            granted.append(f"`{topic_filter}`")
    if granted:
        yield Finding("subscribe", "success", f"may read {', '.join(granted)}")


def sample_topics(writing: Sequence[FlowPlan]) -> list[str]:
    """Return topics that data flows would write, as far as the payload does not decide, each once.

    A level that a message would fill in is `tidegate-check`.
    """
    topics: dict[str, None] = {}
    for flow in writing:
        template = parse(flow.transform.topic_template, flow.transform.topic_prefix)
        resolve = template.compile()
        for topic_filter in flow.topic_filters:
            levels = split_share(topic_filter)[1].split("/")
            source = "/".join(LEVEL if level in ("+", "#") else level for level in levels)
            if not source.startswith(flow.transform.topic_prefix):
                source = flow.transform.topic_prefix + LEVEL
            made = resolve(source, LEVEL)
            if not isinstance(made, Unresolvable):
                topics[made] = None
    return list(topics)


def publish_findings(topics: Sequence[str], answers: Sequence[int]) -> Iterable[Finding]:
    """Tell which topics the server lets this client write."""
    allowed = []
    for topic, code in zip(topics, answers, strict=True):
        if code >= 0x80:
            rejection = PUBLISH_REJECTIONS.get(code)
            hint = rejection.remedy if rejection is not None else "look at the broker's log"
            yield Finding("publish", "error", f"`{topic}` is refused: {reason_name(code)}", hint)
        else:
            allowed.append(f"`{topic}`")
    if allowed:
        yield Finding("publish", "success", f"may write {', '.join(allowed)}")


def _name(certificate: Certificate) -> str:
    return certificate.subject.rfc4514_string() or "a certificate without a name"


def _limits(limits: ServerLimits) -> str:
    lacks = [
        name
        for name, has in (
            ("wildcards", limits.wildcard_subscription_available),
            ("shared subscriptions", limits.shared_subscription_available),
            ("retained messages", limits.retain_available),
        )
        if not has
    ]
    packets = f"packets up to {limits.packet_bytes_max} bytes" if limits.packet_bytes_max else "packets of any size"
    says = f"QoS {limits.maximum_qos} at most, {packets}, {limits.receive_maximum} messages in flight"
    return (
        f"{says}; {'no ' + ', no '.join(lacks) if lacks else 'wildcards, shared subscriptions and retained messages'}"
    )
