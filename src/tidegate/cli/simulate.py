"""`tidegate simulate`: a few ovens and thermostats that send what they measure.

Knows the devices. Does not know how messages are sent (`engine.mqtt_tool`).
"""

import argparse
import math
from collections.abc import Iterator
from typing import Any, Unpack

from tidegate.cli.mqtt_options import ConnectionOptions, chosen_target, client_options, connection_options, number
from tidegate.cli.output import NotUnderstood

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
DEVICES_MAX = 100_000


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    connection_options(context)
    context.argument(
        "topic", options_list=["--topic", "-t"], help="Topic, in which {kind} and {name} are the device's."
    )
    context.argument("rate", options_list=["--rate"], type=_rate, help="Messages a second, of all devices together.")
    context.argument("count", options_list=["--count", "-C"], type=number(1, 2**63), help="End after so many messages.")
    for kind in ("ovens", "thermostats"):
        context.argument(kind, options_list=[f"--{kind}"], type=number(0, DEVICES_MAX), help=f"How many {kind}.")
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1, 2], help="QoS.")


def readings(ovens: int = OVENS, thermostats: int = THERMOSTATS) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield kind, name and reading of one device after the other, for ever; the same each time."""
    devices = [("oven", f"oven-{place}", 220.0 + 15 * (place % 8)) for place in range(1, ovens + 1)]
    devices += [("thermostat", f"thermostat-{place}", 20.0 + place % 8) for place in range(1, thermostats + 1)]
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
    ovens: int = OVENS,
    thermostats: int = THERMOSTATS,
    qos: int = 1,
    **kwargs: Unpack[ConnectionOptions],
) -> None:
    """Publish until told to stop."""
    import asyncio

    from tidegate.engine.mqtt_tool import Client
    from tidegate.message import Message
    from tidegate.mqtt.topics import topic_error

    error = topic_error(_topic(topic, "oven", "oven-1"))
    if error is not None:
        raise NotUnderstood(f"{topic!r}: {error}", "in a topic {kind} and {name} are the device's")
    if not ovens + thermostats:
        raise NotUnderstood("there is no device", "ask for an oven or a thermostat")
    options, target = client_options("simulate", kwargs), chosen_target(kwargs)

    async def publish() -> None:
        import msgspec

        loop = asyncio.get_running_loop()
        async with Client(target, options) as client:
            due = loop.time()
            for sent, (kind, name, reading) in enumerate(readings(ovens, thermostats), 1):
                payload = msgspec.json.encode(reading)
                await client.publish(Message(_topic(topic, kind, name), payload, qos, content_type="application/json"))
                if sent == count:
                    break
                due = max(due + 1 / rate, loop.time() - 1.0)
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
            await client.settle()

    try:
        asyncio.run(publish())
    except KeyboardInterrupt:
        return


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
