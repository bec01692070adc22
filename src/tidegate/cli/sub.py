"""`tidegate sub`: print messages as they come.

Knows the options, what is printed and the exit codes. Does not know how it is done (`engine.mqtt_tool`).
"""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from tidegate.cli.mqtt_options import chosen_target, target_options
from tidegate.cli.output import Outcome, print_error

if TYPE_CHECKING:
    from tidegate.message import Message

__all__ = ["EXAMPLES", "TIMED_OUT", "arguments", "formatted", "sub"]

EXAMPLES = (
    ("Print everything on the embedded broker, with topics.", "tidegate sub -t '#' -v"),
    ("Print ten messages, or fail after a minute.", "tidegate sub -t 'ovens/#' -C 10 -W 60"),
    ("Print in a form of one's own.", "tidegate sub -t '#' -F '%t %q %r %p'"),
)

TIMED_OUT = 27
"""The exit code where `-W` ended it, as mosquitto_sub has it."""


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    target_options(context)
    context.argument("topic", options_list=["--topic", "-t"], action="append", help="Topic filter; may be given again.")
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1, 2], help="QoS to subscribe with.")
    context.argument("with_topic", options_list=["-v"], action="store_true", help="Print the topic before the payload.")
    context.argument(
        "form",
        options_list=["--format", "-F"],
        help="%%t topic, %%p payload, %%q QoS, %%r retain, %%l length, %%%% a %%.",
    )
    context.argument("count", options_list=["-C"], type=_number, help="End after so many messages.")
    context.argument(
        "seconds", options_list=["-W"], type=_number, help=f"End after so many seconds, with exit code {TIMED_OUT}."
    )


def sub(
    topic: list[str],
    qos: int = 1,
    with_topic: bool = False,
    form: str | None = None,
    count: int | None = None,
    seconds: int | None = None,
    host: str | None = None,
    port: int | None = None,
    cafile: str | None = None,
    version: str = "mqttv5",
    client_id: str | None = None,
    data_dir: str | None = None,
) -> Outcome | None:
    """Print messages until told to stop."""
    import asyncio
    import os

    from tidegate.engine.mqtt_tool import Client
    from tidegate.mqtt.topics import filter_error

    for topic_filter in topic:
        error = filter_error(topic_filter)
        if error is not None:
            print_error(f"{topic_filter!r}: {error}", "see `tidegate sub --help`")
            return Outcome(None, "", 2)
    target = chosen_target(host, port, cafile, data_dir)
    shape = form if form is not None else "%t %p" if with_topic else "%p"

    async def receive() -> None:
        async with asyncio.timeout(seconds), Client(target, client_id or f"tidegate-sub-{os.getpid()}") as client:
            await client.subscribe(topic, qos)
            left = count
            async for message in client.messages():
                sys.stdout.buffer.write(formatted(shape, message) + b"\n")
                sys.stdout.buffer.flush()
                if left is not None:
                    left -= 1
                    if not left:
                        return

    try:
        asyncio.run(receive())
    except TimeoutError:
        return Outcome(None, "", TIMED_OUT)
    except KeyboardInterrupt:
        return None
    return None


def formatted(form: str, message: "Message") -> bytes:
    """Put a message into a form; what follows a `%` and is no word of it is printed as it is."""
    words = {
        "t": message.topic.encode(),
        "p": message.payload,
        "q": b"%d" % message.qos,
        "r": b"%d" % message.retain,
        "l": b"%d" % len(message.payload),
        "%": b"%",
    }
    first, *parts = _split(form)
    return first.encode() + b"".join(
        words.get(part[:1], b"%" + part[:1].encode()) + part[1:].encode() for part in parts
    )


def _split(form: str) -> list[str]:
    parts, position = [""], 0
    while position < len(form):
        if form[position] == "%" and position + 1 < len(form):
            # Each part but the first begins with the word that followed its `%`.
            parts.append(form[position + 1])
            position += 2
        else:
            parts[-1] += form[position]
            position += 1
    return parts


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
