"""Golden cases of expressions and of messages. The README of each folder below `tests/cases` has the form."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import yaml
from tests.resources.manifests import read_clean

from tidegate.cli import main
from tidegate.engine.transform_plan import check_transform, transform_spec
from tidegate.message import Message
from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import resolve
from tidegate.settings import Settings
from tidegate.transform.compiler import Outcome
from tidegate.transform.spec import Dropped, Filtered, TransformSpec
from tidegate.transform.topic_template import parse

__all__ = ["EXPRESSIONS", "FACTS", "MESSAGES", "MessageCase", "evaluated", "read_message_case", "shown"]

FOLDER = Path(__file__).parent.parent / "cases"
EXPRESSIONS = FOLDER / "expressions"
MESSAGES = FOLDER / "messages"
FACTS = FOLDER / "facts.md"

SETTINGS = Settings(data_dir=PurePath("state"))
VERSION = "connectivity.iotoperations.azure.com/v1"


def evaluated(path: Path) -> tuple[str, str]:
    """Return what `tidegate eval` prints for the expression of a case, and what it should."""
    given, marker, expected = path.read_text(encoding="utf-8").partition("=== expected ===\n")
    assert marker, f"{path.name} has no line `=== expected ===`"
    expression, _, inputs = given.partition("=== inputs ===\n")
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(out):
        main(["eval", "--input", inputs or "{}", "--", expression.removesuffix("\n")])
    return out.getvalue(), expected


@dataclass(frozen=True, slots=True)
class MessageCase:
    """One case of messages, read: what is declared, and each message with the text of what should come of it."""

    spec: TransformSpec
    data_sets: dict[str, tuple[dict[str, Any], ...]]
    messages: tuple[tuple[Message, str], ...]


def read_message_case(path: Path) -> MessageCase:
    """Read a case. A finding about what it declares fails it."""
    declared, *rest = re.split(r"^=== in ===\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    pairs = [text.partition("=== out ===\n") for text in rest]
    assert pairs and all(marker for _, marker, _ in pairs), f"{path.name} has a message without an end"
    given = yaml.safe_load(declared) or {}
    data_sets = {key: tuple(records) for key, records in given.pop("dataSets", {}).items()}
    return MessageCase(_spec(given), data_sets, tuple((_message(sent), out) for sent, _, out in pairs))


def shown(outcome: Outcome) -> str:
    """Write what came of a message as cases do."""
    if isinstance(outcome, Filtered):
        return f"filtered: {outcome.rule + 1}\n"
    if isinstance(outcome, Dropped):
        return f"dropped: {outcome.reason}: {outcome.detail}\n"
    return "".join(f"{line}\n" for line in _lines(outcome))


def _spec(given: dict[str, Any]) -> TransformSpec:
    annotations, endpoint = given.pop("annotations", {}), given.pop("endpoint", {})
    source = {"endpointRef": "default", "dataSources": ["#"]} | given.pop("source", {})
    destination = {"endpointRef": "cloud", "dataDestination": "${inputTopic}"} | given.pop("destination", {})
    operations: list[dict[str, Any]] = [{"operationType": "Source", "sourceSettings": source}]
    if transformation := given.pop("transformation", None):
        operations.append({"operationType": "BuiltInTransformation", "builtInTransformationSettings": transformation})
    operations.append({"operationType": "Destination", "destinationSettings": destination})
    assert not given, f"the case declares {', '.join(given)}"
    documents = [
        _endpoint("default", {}),
        _endpoint("cloud", endpoint),
        {
            "apiVersion": VERSION,
            "kind": "Dataflow",
            "metadata": {"name": "uplink", "annotations": annotations},
            "spec": {"profileRef": "default", "operations": operations},
        },
    ]
    manifest = read_clean("---\n".join(f"{json.dumps(document)}\n" for document in documents))
    (dataflow,) = manifest.resources.dataflows.values()
    flow = resolve(dataflow, manifest.resources)
    assert flow is not None
    findings = FindingList(manifest.source_map)
    check_transform(dataflow, parse(flow.topic_template), None, findings)
    assert [each for each in findings.diagnostics if each.level == "error"] == []
    return transform_spec(flow, SETTINGS, None)


def _endpoint(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    mqtt = {"host": f"{name}.example.com:8883", "authentication": {"method": "Anonymous"}} | settings
    return {
        "apiVersion": VERSION,
        "kind": "DataflowEndpoint",
        "metadata": {"name": name},
        "spec": {"endpointType": "Mqtt", "mqttSettings": mqtt},
    }


def _message(text: str) -> Message:
    head, marker, payload = text.removesuffix("\n").partition("payload: ")
    fields: dict[str, Any] = {"payload": payload.encode() if marker else b"", "user_properties": ()}
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if name == "user property":
            key, _, value = value.partition("=")
            fields["user_properties"] += ((key, value),)
        else:
            field, convert = _FIELDS[name]
            fields[field] = convert(value)
    return Message(**fields)


_FIELDS: dict[str, tuple[str, Any]] = {
    "topic": ("topic", str),
    "content type": ("content_type", str),
    "format": ("payload_format_indicator", int),
    "expiry": ("message_expiry_seconds", int),
    "response topic": ("response_topic", str),
    "correlation": ("correlation_data", str.encode),
    "payload hex": ("payload", bytes.fromhex),
}


def _lines(message: Message) -> Iterator[str]:
    yield f"topic: {message.topic}"
    if message.content_type is not None:
        yield f"content type: {message.content_type}"
    if message.payload_format_indicator:
        yield f"format: {message.payload_format_indicator}"
    if message.message_expiry_seconds is not None:
        yield f"expiry: {message.message_expiry_seconds}"
    if message.response_topic is not None:
        yield f"response topic: {message.response_topic}"
    if message.correlation_data is not None:
        yield f"correlation: {message.correlation_data.decode()}"
    for key, value in message.user_properties:
        yield f"user property: {key}={value}"
    if message.payload:
        yield f"payload: {message.payload.decode()}"
