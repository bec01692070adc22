"""Tries an endpoint as a data flow would use it, one step after the other, and leaves it as it was.

Knows the order of the steps and how long each may take. Does not know the words for what is found (`probe_findings`), nor how
a client asks without effect (`probe_client`).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tidegate.engine.mqtt_target import START_HINT, Target
from tidegate.engine.probe_client import ProbeClient
from tidegate.engine.probe_findings import (
    Finding,
    StepName,
    authentication_words,
    capability_findings,
    publish_findings,
    sample_topics,
    subscribe_findings,
    tls_finding,
    tried_filters,
)
from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import FlowPlan, SystemIdentityPlan, UserIdentityPlan
from tidegate.flow.policy import IDENTITY_REMEDIES
from tidegate.net.addresses import resolve
from tidegate.net.tcp import TcpStream
from tidegate.net.tls_peer import tls_peer

__all__ = ["STEP_SECONDS", "TOPICS_MAX", "Publishing", "Wanted", "probe"]

STEP_SECONDS = 10.0
TOPICS_MAX = 20
"""How many topics of one endpoint are tried, and how many filters."""

Publishing = Literal["never", "unreleased", "always"]
"""Whether it is tried to publish: not at all, so that servers which wait for PUBREL deliver nothing, or in any case."""

_REFUSALS = (0x86, 0x87, 0x8C)
"""Reason codes of CONNACK that are about who comes."""

_STEPS: dict[str, StepName] = {"resolve": "dns", "connect": "tcp", "tls": "tls", "websocket": "websocket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be tried: the data flows that read from the endpoint and that write to it, and as which client."""

    client_id: str
    reading: Sequence[FlowPlan] = ()
    writing: Sequence[FlowPlan] = ()
    publishing: Publishing = "unreleased"
    step_seconds: float = STEP_SECONDS
    warning_days: float = 14.0


@dataclass(slots=True)
class _Seen:
    """What is known of the steps that are done."""

    addresses: str = ""
    tls: Finding | None = None
    findings: list[Finding] = field(default_factory=list)


async def probe(target: Target, wanted: Wanted) -> list[Finding]:
    """Return what was found, at least one finding for each step; each takes `wanted.step_seconds` at most."""
    seen = _Seen(addresses=await _addresses(target, wanted.step_seconds))

    def connected(stream: TcpStream) -> None:
        if stream.tls is not None:
            seen.tls = tls_finding(tls_peer(stream.tls), time.time(), wanted.warning_days)

    client = ProbeClient(target, wanted.client_id, wanted.step_seconds, connected)
    try:
        async with asyncio.timeout(2 * wanted.step_seconds), client:
            seen.findings += _reached(target, seen, len(_steps(target)))
            seen.findings.append(Finding("connect", "success", f"MQTT 5, as {wanted.client_id}"))
            words = authentication_words(target.endpoint.authentication)
            seen.findings.append(Finding("authentication", "success", words))
            await _ask(client, target, wanted, seen.findings)
    except ConnectFailed as failure:
        _end(target, client, seen, failure)
    except TimeoutError:
        detail = f"no answer within {wanted.step_seconds:g} s"
        hint = "the port may be no port for MQTT, or may want TLS; look at the broker's log"
        _end(target, client, seen, ConnectFailed(target.endpoint.host, target.endpoint.port, "mqtt", detail, hint))
    return seen.findings + [Finding(each, "skipped", "not reached") for each in _missing(target, seen)]


def _end(target: Target, client: ProbeClient, seen: _Seen, failure: ConnectFailed) -> None:
    """Note where it ended: before the connection was open, or at the step that was being done."""
    if seen.findings:
        seen.findings.append(Finding(_missing(target, seen)[0], "error", failure.detail, failure.hint))
    else:
        seen.findings = _failed(target, client, seen, failure)


def _missing(target: Target, seen: _Seen) -> list[StepName]:
    """Return the steps that nothing is known of."""
    done = {each.step for each in seen.findings}
    return [each for each in _all_steps(target) if each not in done]


async def _addresses(target: Target, seconds: float) -> str:
    """Return what the name of the host resolves to, empty where it does not: dialling says why."""
    if target.endpoint.is_embedded:
        return "the broker of the engine on this machine"
    host = target.endpoint.host.removeprefix("[").removesuffix("]")
    try:
        async with asyncio.timeout(seconds):
            found = await resolve(host, target.endpoint.port)
    except (OSError, UnicodeError, TimeoutError):
        return ""
    addresses = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
    return host if addresses == host else f"{host} is {addresses}"


async def _ask(client: ProbeClient, target: Target, wanted: Wanted, findings: list[Finding]) -> None:
    """Ask what may be done on a connection that is open."""
    limits = client.limits
    assert limits is not None
    findings += capability_findings(limits, wanted.reading, wanted.writing)
    filters = tried_filters(wanted.reading, wanted.client_id)[:TOPICS_MAX]
    if filters:
        findings += subscribe_findings(filters, await client.ask(filters))
    else:
        findings.append(Finding("subscribe", "skipped", "no data flow reads from it"))
    topics = sample_topics(wanted.writing)[: min(TOPICS_MAX, client.room)]
    why_not = _why_not(topics, target, limits.maximum_qos, wanted)
    if why_not is not None:
        findings.append(why_not)
        return
    qos = 2 if wanted.publishing == "unreleased" else min(1, limits.maximum_qos)
    if not qos:
        findings.append(Finding("publish", "skipped", "the broker takes QoS 0 at most, which has no answer"))
        return
    findings += publish_findings(topics, await client.offer(topics, qos))


def _why_not(topics: Sequence[str], target: Target, maximum_qos: int, wanted: Wanted) -> Finding | None:
    hint = "`--publish always` publishes an empty message that expires after a second"
    if not wanted.writing:
        return Finding("publish", "skipped", "no data flow writes to it")
    if not topics:
        return Finding("publish", "skipped", "what would be written depends on the messages")
    if wanted.publishing == "never":
        return Finding("publish", "skipped", "it was not to be tried")
    if wanted.publishing == "unreleased" and (maximum_qos < 2 or target.endpoint.is_embedded):
        why = "delivers QoS 2 at once" if target.endpoint.is_embedded else f"takes QoS {maximum_qos} at most"
        return Finding("publish", "skipped", f"not tried, for the broker {why}: a message would be delivered", hint)
    return None


def _steps(target: Target) -> list[str]:
    """Return the steps of dialling, in their order."""
    steps = ["resolve", "connect"]
    if target.endpoint.tls is not None:
        steps.append("tls")
    if target.endpoint.transport == "websocket":
        steps.append("websocket")
    return steps


def _all_steps(target: Target) -> list[StepName]:
    after: list[StepName] = ["connect", "authentication", "capabilities", "subscribe", "publish"]
    return [_STEPS[each] for each in _steps(target)] + after


def _reached(target: Target, seen: _Seen, count: int) -> list[Finding]:
    """Return findings for the first `count` steps of dialling, which went well."""
    endpoint = target.endpoint
    words = {
        "resolve": seen.addresses,
        "connect": f"port {endpoint.port} is open",
        "tls": "the certificate is trusted",
        "websocket": f"the path {endpoint.path} speaks MQTT",
    }
    found = [Finding(_STEPS[each], "success", words[each]) for each in _steps(target)[:count]]
    return [seen.tls if each.step == "tls" and seen.tls is not None else each for each in found]


def _failed(target: Target, client: ProbeClient, seen: _Seen, error: ConnectFailed) -> list[Finding]:
    """Return findings for everything up to the step that failed."""
    steps = _steps(target)
    if error.during in steps:
        hint = START_HINT if target.endpoint.is_embedded and error.during == "connect" else error.hint
        done = _reached(target, seen, steps.index(error.during))
        return [*done, Finding(_STEPS[error.during], "error", error.detail, hint)]
    done = _reached(target, seen, len(steps))
    code = client.refusal.reason_code if client.refusal is not None and client.refusal.cause == "connack" else None
    if code not in _REFUSALS:
        hint = error.hint
        if hint is None and client.refusal is None and target.endpoint.tls is not None:
            # In TLS 1.3 a server judges the client last, and its alert may be lost with the connection.
            hint = "it may want a client certificate, or not take this one; look at the broker's log"
        return [*done, Finding("connect", "error", error.detail, hint)]
    is_identity = isinstance(target.endpoint.authentication, SystemIdentityPlan | UserIdentityPlan)
    hint = IDENTITY_REMEDIES.get(code) if is_identity else error.hint
    words = authentication_words(target.endpoint.authentication)
    return [
        *done,
        Finding("connect", "success", "the broker answers in MQTT 5"),
        Finding("authentication", "error", f"{words}: {error.detail}", hint),
    ]
