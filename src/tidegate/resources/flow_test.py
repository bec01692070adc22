"""`FlowTest`: messages that go into a data flow, and what has to come out of it. No cluster knows the kind.

Knows the documents and how they are told from the resources beside them. Does not know how a data flow is tried
(`engine/flow_test_run.py`).
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from tidegate.diagnostics import Diagnostic
from tidegate.mqtt.topics import topic_error
from tidegate.resources.base import Model, Resource
from tidegate.resources.findings import diagnose
from tidegate.resources.source_map import Place, SourceText
from tidegate.resources.yaml_text import read_documents

__all__ = [
    "ExpectedMessage",
    "FlowTest",
    "FlowTestFile",
    "FlowTestSpec",
    "Inspected",
    "SentMessage",
    "Step",
    "read_flow_tests",
]

KIND = "FlowTest"
API_VERSION = "tidegate.dev/v1"
MESSAGES_MAX = 10_000
FILTERS_MAX = 10_000
YEARS = (1970, 9_998)


def _is_time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not YEARS[0] <= moment.year <= YEARS[1]:
        detail = f"now is no time with a time zone, of the years {YEARS[0]} to {YEARS[1]}"
        _refuse(detail, "write it as `2026-01-01T00:00:00Z`")
    return text


def _is_topic(text: str) -> str:
    if error := topic_error(text):
        _refuse(f"no message has this topic: {error}", "write the topic of one message, such as `ovens/7/state`")
    return text


def _is_base64(text: str) -> str:
    try:
        b64decode(text, validate=True)
    except (Base64Error, ValueError):
        _refuse("payloadBase64 is no base64", "write it as it is, under `payload` or `payloadText`")
    return text


def _is_filter(value: object) -> object:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and value is not True and not (is_number and 1 <= int(str(value)) <= FILTERS_MAX):
        _refuse("filtered is neither true nor the number of a filter, from 1", "write `filtered: true`")
    return value


def _refuse(detail: str, hint: str) -> NoReturn:
    raise PydanticCustomError("flow_test", "{detail}", {"detail": detail, "hint": hint})


class _Payload(Model):
    payload: object = Field(default=None, description="Payload, as JSON.")
    payload_text: str | None = Field(default=None, description="Payload, as text.")
    payload_base64: Annotated[str, AfterValidator(_is_base64)] | None = Field(
        default=None, description="Payload, as base64."
    )

    @property
    def given(self) -> str | None:
        """The one of the three fields that was written."""
        return next(
            (name for name in ("payload", "payload_text", "payload_base64") if name in self.model_fields_set), None
        )

    @model_validator(mode="after")
    def _has_one_payload(self) -> Self:
        if len(self.model_fields_set & {"payload", "payload_text", "payload_base64"}) > 1:
            _refuse("the message has more than one payload", "write one of payload, payloadText and payloadBase64")
        return self


class SentMessage(_Payload):
    """A message that goes in."""

    topic: Annotated[str, AfterValidator(_is_topic)] = Field(description="Topic.")
    qos: Literal[0, 1] = Field(default=1, description="QoS, 0 or 1.")
    retain: bool = Field(default=False, description="Retain flag.")
    content_type: str | None = Field(default=None, description="Content type.")
    user_properties: dict[str, str] | None = Field(default=None, description="User properties, by name.")


class ExpectedMessage(_Payload):
    """What has to be true of a message that comes out; what is not written may be anything, and null is what is not there."""

    topic: str | None = Field(default=None, description="Topic.")
    qos: Literal[0, 1] | None = Field(default=None, description="QoS, 0 or 1.")
    retain: bool | None = Field(default=None, description="Retain flag.")
    content_type: str | None = Field(default=None, description="Content type.")
    user_properties: dict[str, str | None] | None = Field(
        default=None, description="User properties by name; null is one that must not be there."
    )


class Step(Model):
    """One message in, and what becomes of it: exactly one of `out`, `filtered` and `dropped`."""

    sent: SentMessage = Field(alias="in", description="Message that goes in.")
    out: ExpectedMessage | None = Field(default=None, description="Message that comes out.")
    filtered: Annotated[object, AfterValidator(_is_filter)] = Field(
        default=None, description="A filter ends it: true, or the number of the rule, from 1."
    )
    dropped: str | None = Field(
        default=None, description="It is dropped: the reason, such as `processing`, or words of the sentence about it."
    )

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        given = [each for each in (self.out, self.filtered, self.dropped) if each is not None]
        if len(given) != 1:
            ends = "more than one thing" if given else "nothing"
            _refuse(f"{ends} is to become of the message", "write one of out, filtered and dropped")
        return self


class FlowTestSpec(Model):
    """What is tried."""

    resources: tuple[str, ...] = Field(
        default=(), description="Files and folders with the resources, beside those in this file; relative to it."
    )
    schemas: str | None = Field(
        default=None,
        description="Folder that is the schema registry, relative to this file. By default `--schemas-dir`.",
    )
    flow: str | None = Field(default=None, description="Data flow. By default the only one.")
    now: Annotated[str, AfterValidator(_is_time)] = Field(
        default="2026-01-01T00:00:00Z", description="Time of the clock, which stands still."
    )
    data_sets: dict[str, tuple[dict[str, Any], ...]] = Field(
        default_factory=dict, description="Records of data sets, by key."
    )
    messages: tuple[Step, ...] = Field(
        min_length=1, max_length=MESSAGES_MAX, description="Messages in their order, and what becomes of each."
    )


class FlowTest(Resource):
    """One test."""

    kind_name: ClassVar[str] = KIND

    spec: FlowTestSpec = Field(description="What is tried.")


@dataclass(frozen=True, slots=True)
class Inspected:
    """A test, and where its parts are written."""

    test: FlowTest
    place: Place


@dataclass(frozen=True, slots=True)
class FlowTestFile:
    """One text: its tests, and `resources`, the same text without them."""

    tests: Sequence[Inspected]
    resources: SourceText
    diagnostics: tuple[Diagnostic, ...]
    lines: Mapping[str, str]


def read_flow_tests(source: SourceText) -> FlowTestFile:
    """Read the tests of a text; what else it declares is left in `resources`, every character in its place."""
    documents, diagnostics, is_whole = read_documents(source)
    found: list[Inspected] = []
    findings: list[Diagnostic] = [] if is_whole else diagnostics
    rest = source.text
    for document in documents:
        kind = document.child("kind")
        if kind is None or kind.value != KIND:
            continue
        place = Place(source, document)
        start, end = document.start, max(document.end, document.start)
        if is_whole:
            findings += [each for each in diagnostics if _is_in(source, each, start, end)]
        rest = rest[:start] + re.sub(r"[^\n]", " ", rest[start:end]) + rest[end:]
        version = document.child("apiVersion")
        if version is not None and version.value != API_VERSION:
            message = f"apiVersion of a {KIND} is `{API_VERSION}`"
            span = place.span(("apiVersion",))
            hint = f"write `{API_VERSION}`"
            findings.append(Diagnostic("error", "api-version", message, "apiVersion", span=span, hint=hint))
        try:
            test = FlowTest.model_validate(document.plain())
        except ValidationError as error:
            findings += diagnose(error.errors(include_url=False), FlowTest, place, KIND, is_secret=False)
        else:
            found.append(Inspected(test, place))
    return FlowTestFile(found, SourceText(source.file, rest), tuple(findings), {source.file: source.text})


def _is_in(source: SourceText, diagnostic: Diagnostic, start: int, end: int) -> bool:
    first, last = source.span(start, start + 1).line, source.span(end, end + 1).line
    return diagnostic.span is not None and first <= diagnostic.span.line <= last
