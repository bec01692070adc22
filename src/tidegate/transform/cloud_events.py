"""CloudEvents in binary mode over MQTT 5: attributes are user properties, and `datacontenttype` is the Content Type too, which
is where the binding of CloudEvents to MQTT has it (facts 4.4).

Knows both tables of `cloudEventAttributes`. Does not know payloads; what is in structured mode passes as it is.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from tidegate.transform.headers import Properties, replaced
from tidegate.transform.spec import TransformSpec

__all__ = ["STRUCTURED_PREFIX", "attribute_maker"]

STRUCTURED_PREFIX = "application/cloudevents"

SPEC_VERSION = "1.0"
TYPE = "ms.aio-dataflow.telemetry"

REQUIRED = ("specversion", "type", "source", "id")
"""Attributes without any of which a message is no CloudEvent."""

GENERATED = (*REQUIRED, "subject", "time")
"""Attributes that `CreateOrRemap` makes where they are missing."""

MakeAttributes = Callable[[Properties, str | None, str, float], tuple[Properties, str | None]]
"""From user properties, content type, output topic and wall time in seconds to the user properties and content type to send."""


def attribute_maker(spec: TransformSpec, new_id: Callable[[], str]) -> MakeAttributes | None:
    """Return the function that does what the destination's `cloudEventAttributes` says, None where it says nothing."""
    if spec.cloud_events is None:
        return None
    always = (("specversion", SPEC_VERSION), ("type", TYPE), ("source", f"aio://{spec.target_name}"))
    time_of = _clock()
    schema = spec.output_schema
    creates = spec.cloud_events == "CreateOrRemap"

    def make(
        properties: Properties, content_type: str | None, topic: str, now_wall: float
    ) -> tuple[Properties, str | None]:
        if content_type is not None and content_type.startswith(STRUCTURED_PREFIX):
            return properties, content_type
        known = dict(reversed(properties)) if properties else {}
        if not known or not all(map(known.get, REQUIRED)):
            if not creates:
                return properties, content_type
            made: Properties = (*always, ("id", new_id()), ("subject", topic), ("time", time_of(now_wall)))
            if properties:
                properties = tuple(each for each in properties if each[1] or each[0] not in GENERATED)
                made = tuple(each for each in made if not known.get(each[0]))
            properties += made
            if content_type and "datacontenttype" not in known:
                properties = (*properties, ("datacontenttype", content_type))
        if "datacontenttype" in known:
            # Where both say something, the Content Type is that of the output.
            content_type = content_type or known["datacontenttype"]
            if known["datacontenttype"] != content_type:
                properties = replaced(properties, "datacontenttype", content_type)
        if schema is not None and known.get("dataschema") != schema:
            properties = (*(each for each in properties if each[0] != "dataschema"), ("dataschema", schema))
        return properties, content_type

    return make


def _clock() -> Callable[[float], str]:
    """Return the function that writes a time as RFC 3339 has it, in UTC with milliseconds; it remembers the last second."""
    last_second, last_text = -1, ""

    def write(now_wall: float) -> str:
        nonlocal last_second, last_text
        milliseconds = int(now_wall * 1000)
        second = milliseconds // 1000
        if second != last_second:
            last_second, last_text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        return f"{last_text}{milliseconds % 1000:03d}Z"

    return write
