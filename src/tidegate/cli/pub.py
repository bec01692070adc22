"""`tidegate pub`: publish a message, or one for each line.

Knows the options and exit codes. Does not know how it is done (`engine.mqtt_tool`).
"""

import os
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.mqtt_options import ConnectionOptions, chosen_target, client_options, connection_options, number
from tidegate.cli.output import NotUnderstood
from tidegate.cli.payload import MESSAGE_BYTES_MAX, read_payload, read_user_property

if TYPE_CHECKING:
    from tidegate.message import Message

__all__ = ["EXAMPLES", "arguments", "pub"]

EXAMPLES = (
    ("Publish to the embedded broker of the engine that runs.", "tidegate pub -t ovens/1 -m '{\"temperature\": 180}'"),
    ("Publish what comes on standard input, retained.", "tidegate pub -t recipes/bread -r < recipe.json"),
    ("Publish each line as a message.", "tidegate pub -t ovens/1/log -l < oven.log"),
    ("Publish to another broker.", "tidegate pub -h localhost -p 1883 -t a -m x -q 2"),
    (
        "Publish as a data flow would, to see whether its endpoint works.",
        "tidegate pub --endpoint cloud -t a -m x flows/",
    ),
)

CHUNK_BYTES = 65_536
CHUNKS_WAITING_MAX = 4


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    connection_options(context)
    flag = {"action": "store_true"}
    context.argument("topic", options_list=["--topic", "-t"], help="Topic to publish to.")
    context.argument("message", options_list=["--message", "-m"], help="Payload. Default: standard input, whole.")
    context.argument("file", options_list=["--file", "-f"], metavar="FILE", help="File whose content is the payload.")
    context.argument("lines", options_list=["--stdin-line", "-l"], help="Publish each line of standard input.", **flag)
    context.argument("whole", options_list=["--stdin-file", "-s"], help="Publish standard input, whole.", **flag)
    context.argument("null", options_list=["--null-message", "-n"], help="Publish an empty payload.", **flag)
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1, 2], help="QoS.")
    context.argument("retain", options_list=["--retain", "-r"], help="Keep it for the topic.", **flag)
    context.argument("content_type", options_list=["--content-type"], help="Content type.")
    context.argument("expiry", options_list=["--expiry"], type=number(1, 2**32 - 1), help="Life in seconds.")
    context.argument("response_topic", options_list=["--response-topic"], help="Topic for an answer.")
    context.argument("correlation_data", options_list=["--correlation-data"], help="What an answer is to carry.")
    context.argument(
        "user_property",
        options_list=["--user-property"],
        action="append",
        metavar="NAME=VALUE",
        help="User property; may be given again.",
    )


def pub(
    topic: str,
    message: str | None = None,
    file: str | None = None,
    lines: bool = False,
    whole: bool = False,
    null: bool = False,
    qos: int = 1,
    retain: bool = False,
    content_type: str | None = None,
    expiry: int | None = None,
    response_topic: str | None = None,
    correlation_data: str | None = None,
    user_property: list[str] | None = None,
    **kwargs: Unpack[ConnectionOptions],
) -> None:
    """Publish; with QoS 1 and 2, wait until the broker has it."""
    import asyncio

    import msgspec

    from tidegate.engine.mqtt_tool import Client
    from tidegate.message import Message
    from tidegate.mqtt.topics import topic_error

    for name in (topic, response_topic):
        error = topic_error(name) if name is not None else None
        if error is not None:
            raise NotUnderstood(f"{name!r}: {error}", "name a topic without wildcards")
    form = Message(
        topic,
        b"",
        qos,
        retain,
        message_expiry_seconds=expiry,
        content_type=content_type,
        response_topic=response_topic,
        correlation_data=correlation_data.encode() if correlation_data is not None else None,
        user_properties=tuple(map(read_user_property, user_property or ())),
    )
    if sum((message is not None, file is not None, lines, whole, null)) > 1:
        raise NotUnderstood("more than one payload", "give one of -m, -f, -l, -s and -n")
    options, target = client_options("pub", kwargs), chosen_target(kwargs)
    payload = (
        b""
        if lines or null
        else read_payload(message, file, is_asked_for=whole, hint="give one with -m, -f or -n, or on standard input")
    )

    async def messages() -> "AsyncIterator[Message]":
        if not lines:
            yield msgspec.structs.replace(form, payload=payload)
            return
        async for line in _lines():
            yield msgspec.structs.replace(form, payload=line)

    async def publish() -> None:
        async with Client(target, options) as client:
            async for each in messages():
                await client.publish(each)
            await client.settle()

    try:
        asyncio.run(publish())
    except KeyboardInterrupt:
        return


async def _lines() -> AsyncIterator[bytes]:
    """Yield the lines of standard input; it is read in a thread that nobody waits for, so that Ctrl-C ends at once."""
    import asyncio
    import threading
    from contextlib import suppress

    loop = asyncio.get_running_loop()
    descriptor = sys.stdin.fileno()
    chunks: asyncio.Queue[bytes] = asyncio.Queue(CHUNKS_WAITING_MAX)

    def read() -> None:
        with suppress(RuntimeError, asyncio.CancelledError):  # the loop is closed
            while True:
                chunk = os.read(descriptor, CHUNK_BYTES)
                asyncio.run_coroutine_threadsafe(chunks.put(chunk), loop).result()
                if not chunk:
                    return

    threading.Thread(target=read, name="standard input", daemon=True).start()
    rest = b""
    while chunk := await chunks.get():
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MESSAGE_BYTES_MAX:
            raise NotUnderstood("a line is longer than MQTT can carry", "publish it whole, in parts")
        for line in whole:
            yield line
    if rest:
        yield rest
