"""A transformation as plants have them: what goes in, and the rules in the words of each contender.

A filter, everything kept but one field, three fields computed, and CloudEvents made of messages that are none.
"""

import json

from benchmarks.wire import NUMBERED
from tidegate.transform.spec import FilterSpec, MapSpec, TransformSpec

__all__ = ["JAVASCRIPT", "PAYLOAD", "SETTINGS", "SPEC"]

PAYLOAD = (
    f"{NUMBERED.decode()}10000"
    ',"line":"line-1","press":4,"temperature":182.5,"pressure":3.21,"speed":1180,"state":"running","debug":"0x3f21aa07c4e9d"}'
)
"""Eight fields in 130 bytes."""

HOT = "$1 > 400"
RULES: tuple[tuple[tuple[str, ...], str, str | None], ...] = (
    (("*",), "*", None),
    (("temperature",), "temperatureF", "cToF($1)"),
    (("pressure",), "pressurePsi", "barToPsi($1)"),
    (("speed", "press"), "load", "$1 * $2"),
    (("debug",), "", None),
)

SPEC = TransformSpec(
    topic_template="${inputTopic}",
    filters=(FilterSpec(inputs=("temperature",), expression=HOT),),
    maps=tuple(MapSpec(inputs=inputs, output=output, expression=each) for inputs, output, each in RULES),
    cloud_events="CreateOrRemap",
    target_name="destination",
)

SETTINGS = json.dumps(
    {
        "filter": [{"inputs": ["temperature"], "expression": HOT}],
        "map": [
            {"inputs": inputs, "output": output} | ({} if each is None else {"expression": each})
            for inputs, output, each in RULES
        ],
    }
)
"""The same as `builtInTransformationSettings`."""

JAVASCRIPT = """\
const made = msg.payload;
if (made.temperature > 400) return null;
made.temperatureF = made.temperature * 9 / 5 + 32;
made.pressurePsi = made.pressure / 0.0689476;
made.load = made.speed * made.press;
delete made.debug;
const given = msg.userProperties || {};
if (!given.specversion || !given.type || !given.source || !given.id) {
    msg.userProperties = Object.assign({
        specversion: "1.0",
        type: "ms.aio-dataflow.telemetry",
        source: "aio://destination",
        id: global.get("crypto").randomUUID(),
        subject: msg.topic,
        time: new Date().toISOString(),
        datacontenttype: "application/json",
    }, given);
}
msg.contentType = "application/json";
return msg;
"""
"""The same as the code of a function node of Node-RED, which is handed the payload as an object."""
