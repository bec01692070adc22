"""`tidegate simulate`: a few ovens and thermostats that send what they measure.

Knows the devices. Does not know how messages are sent (`engine.mqtt_tool`).
"""

import argparse
import math
from collections.abc import Iterator
from typing import Any

from tidegate.cli.mqtt_options import chosen_target, target_options
from tidegate.cli.output import Outcome, print_error

__all__ = ["EXAMPLES", "arguments", "readings", "simulate"]

EXAMPLES = (
    (
        "Send what four ovens and two thermostats measure to the embedded broker, ten messages a second.",
        "tidegate simulate",
    ),
    ("Send a hundred messages a second, a thousand in all.", "tidegate simulate --rate 100 --count 1000"),
    ("Choose the topics.", "tidegate simulate --topic 'plant/{kind}/{name}/telemetry'"),
)

OVENS, THERMOSTATS = 4, 2


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    target_options(context)
    context.argument(
        "topic", options_list=["--topic", "-t"], help="Topic, in which {kind} and {name} are the device's."
    )
    context.argument("rate", options_list=["--rate"], type=_rate, help="Messages a second, of all devices together.")
    context.argument("count", options_list=["-C", "--count"], type=_count, help="End after so many messages.")


def readings() -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield kind, name and reading of one device after the other, for ever; the same each time."""
    devices = [("oven", f"oven-{number}", 220.0 + 15 * number) for number in range(1, OVENS + 1)]
    devices += [("thermostat", f"thermostat-{number}", 20.0 + number) for number in range(1, THERMOSTATS + 1)]
    step = 0
    while True:
        for place, (kind, name, degrees) in enumerate(devices):
            swing = degrees / 50 * math.sin(step / 10 + place)
            reading: dict[str, object] = {
                "device": name,
                "temperature": round(degrees + swing, 1),
                "unit": "Celsius",
                "step": step,
            }
            yield kind, name, reading
        step += 1


def simulate(
    topic: str = "bakery/{kind}s/{name}",
    rate: float = 10.0,
    count: int | None = None,
    host: str | None = None,
    port: int | None = None,
    cafile: str | None = None,
    version: str = "mqttv5",
    client_id: str | None = None,
    data_dir: str | None = None,
) -> Outcome | None:
    """Publish until told to stop, with QoS 1."""
    import asyncio
    import os

    from tidegate.engine.mqtt_tool import Client
    from tidegate.message import Message
    from tidegate.mqtt.topics import topic_error

    error = topic_error(_topic(topic, "oven", "oven-1"))
    if error is not None:
        print_error(f"{topic!r}: {error}", "in a topic {kind} and {name} are the device's")
        return Outcome(None, "", 2)
    target = chosen_target(host, port, cafile, data_dir)

    async def publish() -> None:
        import msgspec

        loop = asyncio.get_running_loop()
        async with Client(target, client_id or f"tidegate-simulate-{os.getpid()}") as client:
            due = loop.time()
            for number, (kind, name, reading) in enumerate(readings(), 1):
                payload = msgspec.json.encode(reading)
                await client.publish(Message(_topic(topic, kind, name), payload, 1, content_type="application/json"))
                if number == count:
                    return
                due = max(due + 1 / rate, loop.time() - 1.0)
                await asyncio.sleep(max(0.0, due - loop.time()))

    try:
        asyncio.run(publish())
    except KeyboardInterrupt:
        return None
    return None


def _topic(template: str, kind: str, name: str) -> str:
    return template.replace("{kind}", kind).replace("{name}", name)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and at most 100000")
    return rate


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
