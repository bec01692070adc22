"""A flow test tried: messages through what a data flow would do with them, and how what came out differs.

Knows the compiled transformation of a plan, and what was expected. Reads no clock and no file: time and ids are those of the
test, `id-1`, `id-2` and so on.
"""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import msgspec

from tidegate.flow.mapping import outgoing
from tidegate.flow.plan import FlowPlan
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.topics import matches, split_share
from tidegate.resources.flow_test import ExpectedMessage, FlowTest, SentMessage, Step
from tidegate.transform.spec import Dropped, Filtered
from tidegate.transform.trace import message_data

__all__ = ["Difference", "Failure", "differences", "run_flow_test"]

DIFFERENCES_MAX = 20
"""How many differences of one message are told."""

SHOWN_CHARACTERS_MAX = 200

Outcome = Message | Dropped | Filtered

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise than expected, by its path; None stands for what is not there."""

    path: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One message, counted from 1, that became something else."""

    number: int
    topic: str
    sentence: str
    differences: tuple[Difference, ...] = ()


def run_flow_test(test: FlowTest, plan: FlowPlan) -> list[Failure]:
    """Send the messages of a test in their order, and return those that did not become what was expected."""
    numbers = count(1)
    spec = test.spec
    # As a store would hold them: lists, where declared values are tuples.
    records = msgspec.json.decode(msgspec.json.encode(spec.data_sets))
    make = outgoing(plan, lambda: f"id-{next(numbers)}", records)
    now = Moment(0.0, datetime.fromisoformat(spec.now).timestamp())
    filters = [split_share(each)[1] for each in plan.topic_filters]
    failures: list[Failure] = []
    for number, step in enumerate(spec.messages, 1):
        sent = step.sent
        if any(matches(each, sent.topic) for each in filters):
            outcome: Outcome = make(_message(sent), now)
        else:
            takes = ", ".join(filters)
            outcome = Dropped("unsubscribed", f"the source of {plan.name} does not take the topic; it takes {takes}")
        failure = _judge(number, step, outcome)
        if failure is not None:
            failures.append(failure)
    return failures


def differences(expected: Any, found: Any, path: str) -> Iterator[Difference]:  # Any: JSON
    """Compare JSON by value: `1` is `1.0`, and the order of an object's fields says nothing."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in dict.fromkeys((*expected, *found)):
            yield from differences(expected.get(key, _ABSENT), found.get(key, _ABSENT), f"{path}.{key}")
    elif isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        for index in range(max(len(expected), len(found))):
            one = expected[index] if index < len(expected) else _ABSENT
            other = found[index] if index < len(found) else _ABSENT
            yield from differences(one, other, f"{path}[{index}]")
    elif isinstance(expected, bool) is not isinstance(found, bool) or expected != found:
        yield Difference(path, _shown(expected), _shown(found))


def _judge(number: int, step: Step, outcome: Outcome) -> Failure | None:
    if step.out is not None and isinstance(outcome, Message):
        found = _of_message(step.out, outcome)
        if not found:
            return None
        return Failure(number, step.sent.topic, "it came out otherwise", tuple(found[:DIFFERENCES_MAX]))
    if step.filtered is not None and isinstance(outcome, Filtered):
        if step.filtered is True or step.filtered == outcome.rule + 1:
            return None
        return Failure(
            number, step.sent.topic, f"expected filter {step.filtered} to end it, and filter {outcome.rule + 1} did"
        )
    if step.dropped is not None and isinstance(outcome, Dropped):
        if step.dropped == outcome.reason or step.dropped in outcome.detail:
            return None
        wanted = f"expected it to be dropped for `{step.dropped}`"
        return Failure(number, step.sent.topic, f"{wanted}, and it was dropped ({outcome.reason}): {outcome.detail}")
    wanted = "out" if step.out is not None else "filtered" if step.filtered is not None else "dropped"
    return Failure(number, step.sent.topic, f"expected {_WANTED[wanted]}, and {_became(outcome)}")


_WANTED = {"out": "it to come out", "filtered": "a filter to end it", "dropped": "it to be dropped"}


def _became(outcome: Outcome) -> str:
    if isinstance(outcome, Filtered):
        return f"filter {outcome.rule + 1} ended it"
    if isinstance(outcome, Dropped):
        return f"it was dropped ({outcome.reason}): {outcome.detail}"
    payload = message_data(outcome)
    shown = next((payload[name] for name in ("payload", "payloadText", "payloadBase64") if name in payload), None)
    return f"it came out on {outcome.topic}: {_shown(shown)}"


def _of_message(expected: ExpectedMessage, found: Message) -> list[Difference]:
    told: list[Difference] = []
    plain: tuple[tuple[str, str | int | None, str | int | None], ...] = (
        ("topic", expected.topic, found.topic),
        ("qos", expected.qos, found.qos),
        ("retain", expected.retain, found.retain),
    )
    for path, wanted, value in plain:
        if wanted is not None and wanted != value:
            told.append(Difference(path, _shown(wanted), _shown(value)))
    wanted, value = expected.content_type, found.content_type or None
    if "content_type" in expected.model_fields_set and (wanted or None) != value:
        told.append(Difference("contentType", _shown_text(wanted), _shown_text(value)))
    properties = dict(reversed(found.user_properties))
    for name, text in (expected.user_properties or {}).items():
        there = properties.get(name)
        if there != text:
            told.append(Difference(f"userProperties.{name}", _shown_text(text), _shown_text(there)))
    return told + list(_of_payload(expected, found.payload))


def _of_payload(expected: ExpectedMessage, payload: bytes) -> Iterator[Difference]:
    if expected.given is None:
        return
    if expected.given != "payload":
        wanted = _bytes(expected)
        if wanted != payload:
            yield Difference("payload", _shown_bytes(wanted), _shown_bytes(payload))
        return
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        yield Difference("payload", _shown(expected.payload), f"{_shown_bytes(payload)}, which is no JSON")
        return
    yield from differences(expected.payload, found, "payload")


def _message(sent: SentMessage) -> Message:
    return Message(
        sent.topic,
        _bytes(sent),
        sent.qos,
        sent.retain,
        content_type=sent.content_type,
        user_properties=tuple((sent.user_properties or {}).items()),
    )


def _bytes(message: SentMessage | ExpectedMessage) -> bytes:
    match message.given:
        case "payload":
            return json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        case "payload_text":
            return (message.payload_text or "").encode()
        case "payload_base64":
            return b64decode(message.payload_base64 or "", validate=True)
        case _:
            return b""


def _shown(value: object) -> str:
    return "nothing" if value is _ABSENT else _cut(msgspec.json.encode(value).decode())


def _shown_text(value: str | None) -> str:
    return _shown(_ABSENT if value is None else value)


def _shown_bytes(payload: bytes) -> str:
    try:
        return _shown(payload.decode())
    except UnicodeDecodeError:
        return _cut(f"0x{payload[:SHOWN_CHARACTERS_MAX].hex()}")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"
