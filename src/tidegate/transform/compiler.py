"""From a `TransformSpec` to one closure that turns a message into the message to publish, or ends it.

Knows all stages and their order: enrich, filter, map, topic, CloudEvents, headers. Does not know deliveries; the caller settles
what is dropped.
"""

from collections.abc import Callable

import msgspec

from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.text import text_error
from tidegate.mqtt.topics import topic_error
from tidegate.transform.cloud_events import attribute_maker
from tidegate.transform.enrich import Snapshots, compile_enrich
from tidegate.transform.filter import compile_filter
from tidegate.transform.headers import apply_headers
from tidegate.transform.map import compile_map
from tidegate.transform.output import Output
from tidegate.transform.schema import compile_schema
from tidegate.transform.spec import Dropped, Filtered, TransformSpec
from tidegate.transform.topic_template import Unresolvable, parse
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View

__all__ = [
    "JSON_CONTENT_TYPE",
    "REMEMBERED_TOPIC_CHARACTERS_MAX",
    "TOPICS_REMEMBERED_MAX",
    "Outcome",
    "Transform",
    "compile_transform",
]

Outcome = Message | Dropped | Filtered
Transform = Callable[[Message, Moment], Outcome]

TOPICS_REMEMBERED_MAX = 10_000
REMEMBERED_TOPIC_CHARACTERS_MAX = 1_024

JSON_CONTENT_TYPE = "application/json"

Stage = Callable[[View], Filtered | Output | None]

_encode = msgspec.json.Encoder().encode


def compile_transform(
    spec: TransformSpec, *, new_id: Callable[[], str], snapshots: Snapshots | None = None
) -> Transform:
    """Compile a transformation once.

    The closure answers the very message it was given where nothing changes, so that passing through costs nothing. It
    decodes no payload that no rule reads.

    Args:
        new_id: makes the ids of CloudEvents.
        snapshots: the records of data sets by key, which the caller keeps up to date: each message sees those of its time.

    Raises:
        DeclarationError, SchemaError: something declared does not parse (`validate` has said so before).
    """
    address = _topics(spec.topic_template, spec.topic_prefix)
    stages = _stages(spec, {} if snapshots is None else snapshots)
    finish = _finish(spec, new_id)
    schema = spec.source_schema
    violation = None if spec.payload_schema is None else compile_schema(spec.payload_schema)

    def transform(message: Message, now: Moment) -> Outcome:
        if schema is not None and (conflict := _conflict(message, schema)):
            return conflict
        if violation is not None and (detail := violation(message.payload)):
            return Dropped("invalid", f"the payload is not as {schema} says: {detail}")
        output: Output | None = None
        if stages is not None:
            made = stages(message)
            if isinstance(made, Dropped | Filtered):
                return made
            output = made
        topic = address(message.topic, None if output is None else output.topic)
        if isinstance(topic, Unresolvable):
            return Dropped("topic", topic.detail)
        if output is not None:
            changed = _mapped(message, output, topic)
        elif topic == message.topic:
            changed = message
        else:
            changed = _copied(message, topic, message.user_properties, message.content_type)
        if (
            changed.user_properties
            or (changed.content_type and changed.content_type is not JSON_CONTENT_TYPE)
            or changed.response_topic is not None
            or changed.payload_format_indicator > 1
        ) and (error := _property_error(changed)):
            return Dropped("property", error)
        return changed if finish is None else finish(changed, now)

    return transform


def _copied(
    message: Message, topic: str, user_properties: tuple[tuple[str, str], ...], content_type: str | None
) -> Message:
    # Written out, for `msgspec.structs.replace` costs three times as much and every message may come by here.
    return Message(
        topic,
        message.payload,
        message.qos,
        message.retain,
        message.payload_format_indicator,
        message.message_expiry_seconds,
        content_type,
        message.response_topic,
        message.correlation_data,
        user_properties,
    )


def _stages(
    spec: TransformSpec, snapshots: Snapshots
) -> Callable[[Message], Output | Filtered | Dropped | None] | None:
    """Return enrich, filter and map in one; None where there are none of them."""
    stages: list[Stage] = []
    if spec.datasets:
        stages.append(compile_enrich(spec.datasets, snapshots))
    if spec.filters:
        stages.append(compile_filter(spec.filters, spec.filter_true, last_per_topic=spec.last_per_topic))
    if spec.maps:
        stages.append(compile_map(spec.maps, moves_copies=spec.moves_copies, last_per_topic=spec.last_per_topic))
    if not stages:
        return None

    def run(message: Message) -> Output | Filtered | Dropped | None:
        view = View(message)
        try:
            for stage in stages:
                made = stage(view)
                if made is not None:
                    return made
        except EvaluationError as error:
            return Dropped("processing", error.detail)
        except RecursionError:
            return Dropped("processing", "the payload nests too deeply")
        return None

    return run


def _mapped(message: Message, output: Output, topic: str) -> Message:
    """Return the message with what the map has made."""
    properties = message.user_properties
    for key, value in output.properties:
        properties = (
            (*properties, (key, value)) if value is not None else tuple(each for each in properties if each[0] != key)
        )
    return Message(
        topic,
        _encode(output.payload),
        message.qos,
        message.retain,
        1,
        message.message_expiry_seconds,
        JSON_CONTENT_TYPE,
        message.response_topic,
        message.correlation_data,
        properties,
    )


def _finish(spec: TransformSpec, new_id: Callable[[], str]) -> Callable[[Message, Moment], Message] | None:
    """Return CloudEvents and headers in one; None where there are none of them. What they add can always be sent."""
    attributes = attribute_maker(spec, new_id)
    headers = spec.headers
    if attributes is None and not headers:
        return None

    def finish(message: Message, now: Moment) -> Message:
        properties, content_type = message.user_properties, message.content_type
        if attributes is not None:
            properties, content_type = attributes(properties, content_type, message.topic, now.wall)
        if headers:
            properties = apply_headers(headers, properties)
        return _copied(message, message.topic, properties, content_type)

    return finish


def _topics(template: str, prefix: str = "") -> Callable[[str, str | None], str | Unresolvable]:
    """Return the function from source topic and the map's topic to the destination topic, which remembers what it can."""
    parsed = parse(template, prefix)
    resolve = parsed.compile()
    if parsed.uses_output_topic:
        return resolve
    topics: dict[str, str | Unresolvable] = {}

    def remembered(source_topic: str, _: str | None) -> str | Unresolvable:
        topic = topics.get(source_topic)
        if topic is None:
            topic = resolve(source_topic, None)
            if len(source_topic) <= REMEMBERED_TOPIC_CHARACTERS_MAX:
                if len(topics) >= TOPICS_REMEMBERED_MAX:
                    topics.clear()
                topics[source_topic] = topic
        return topic

    return remembered


def _conflict(message: Message, schema: str) -> Dropped | None:
    """Facts 2.2: a message that says it has another schema than the one declared is dropped."""
    for key, value in message.user_properties:
        if key == "dataschema" and value != schema:
            return Dropped("schema", f"conflicting schema: the message has {value!r}, and the source {schema!r}")
    return None


def _property_error(message: Message) -> str | None:
    """Say which property a destination may close the connection for; one such message would stop the flow for ever."""
    response_topic = message.response_topic
    if response_topic is not None and (error := topic_error(response_topic) or text_error(response_topic)):
        return f"the response topic cannot be sent: {error}"
    if message.content_type and (error := text_error(message.content_type)):
        return f"the content type cannot be sent: {error}"
    if message.payload_format_indicator > 1:
        return f"the payload format indicator is {message.payload_format_indicator}, and MQTT knows 0 and 1"
    for key, value in message.user_properties:
        if error := text_error(key) or text_error(value):
            return f"a user property cannot be sent: {error}"
    return None
