"""From a `TransformSpec` to one closure that turns a message into the message to publish, or drops it.

Knows all stages and their order. Does not know deliveries; the caller settles what is dropped.
"""

from collections.abc import Callable

from msgspec.structs import replace

from tidegate.message import Message
from tidegate.mqtt.text import text_error
from tidegate.mqtt.topics import topic_error
from tidegate.transform.spec import Dropped, TransformSpec
from tidegate.transform.topic_template import Unresolvable, parse

__all__ = ["REMEMBERED_TOPIC_CHARACTERS_MAX", "TOPICS_REMEMBERED_MAX", "Transform", "compile_transform"]

Transform = Callable[[Message], Message | Dropped]

TOPICS_REMEMBERED_MAX = 10_000
REMEMBERED_TOPIC_CHARACTERS_MAX = 1_024


def compile_transform(spec: TransformSpec) -> Transform:
    """Compile a transformation once.

    The closure answers the very message it was given where nothing changes, so that passing through costs nothing.

    Raises:
        TemplateError: the destination topic does not parse (`validate` has said so before).
    """
    resolve = parse(spec.topic_template).compile()
    topics: dict[str, str | Unresolvable] = {}

    def transform(message: Message) -> Message | Dropped:
        source_topic = message.topic
        topic = topics.get(source_topic)
        if topic is None:
            topic = resolve(source_topic)
            if len(source_topic) <= REMEMBERED_TOPIC_CHARACTERS_MAX:
                if len(topics) >= TOPICS_REMEMBERED_MAX:
                    topics.clear()
                topics[source_topic] = topic
        if isinstance(topic, Unresolvable):
            return Dropped("topic", topic.detail)
        if (
            message.user_properties
            or message.content_type
            or message.response_topic is not None
            or message.payload_format_indicator > 1
        ) and (error := _property_error(message)):
            return Dropped("property", error)
        return message if topic == source_topic else replace(message, topic=topic)

    return transform


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
