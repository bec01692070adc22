"""`tidegate pub`: publish one message.

Knows the options and exit codes. Does not know how it is done (`engine.mqtt_tool`).
"""

import sys
from typing import Any

from tidegate.cli.mqtt_options import chosen_target, target_options

__all__ = ["EXAMPLES", "MESSAGE_BYTES_MAX", "arguments", "pub"]

EXAMPLES = (
    ("Publish to the embedded broker of the engine that runs.", "tidegate pub -t ovens/1 -m '{\"temperature\": 180}'"),
    ("Publish what comes on standard input, retained.", "tidegate pub -t recipes/bread -r < recipe.json"),
    ("Publish to another broker.", "tidegate pub --host localhost -p 1883 -t a -m x -q 1"),
)

MESSAGE_BYTES_MAX = 256 * 1024 * 1024


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    target_options(context)
    context.argument("topic", options_list=["--topic", "-t"], help="Topic to publish to.")
    context.argument("message", options_list=["--message", "-m"], help="Payload. Default: standard input, whole.")
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1], help="QoS, 0 or 1.")
    context.argument("retain", options_list=["--retain", "-r"], action="store_true", help="Keep it for the topic.")


def pub(
    topic: str,
    message: str | None = None,
    qos: int = 1,
    retain: bool = False,
    host: str | None = None,
    port: int | None = None,
    cafile: str | None = None,
    version: str = "mqttv5",
    client_id: str | None = None,
    data_dir: str | None = None,
) -> None:
    """Publish one message; with QoS 1, wait until the broker has it."""
    import asyncio
    import os

    from tidegate.engine.mqtt_tool import Client
    from tidegate.exceptions import ConnectFailed
    from tidegate.message import Message
    from tidegate.mqtt.topics import topic_error

    error = topic_error(topic)
    if error is not None:
        raise ConnectFailed(topic, 0, "topic", error, "name a topic without wildcards")
    payload = message.encode() if message is not None else sys.stdin.buffer.read(MESSAGE_BYTES_MAX)
    target = chosen_target(host, port, cafile, data_dir)

    async def publish() -> None:
        async with Client(target, client_id or f"tidegate-pub-{os.getpid()}") as client:
            await client.publish(Message(topic, payload, qos, retain))

    asyncio.run(publish())
