"""One log line as a value, and the error codes that lines count under (facts 8.1).

Knows shapes. Does not know events, loggers or formats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tidegate.flow.events import Side

__all__ = ["CONFIGURATION_ERROR", "CONNECTION_FAILED", "Line", "Mark"]

Mark = Literal["<", ">", "=", "!", "x"]
"""Fixed marks of debug logs: received, sent, state, error, closing."""

CONNECTION_FAILED: dict[Side, str] = {
    Side.SOURCE: "DataflowMqttSourceConnectionFailed",
    Side.DESTINATION: "DataflowMqttTargetConnectionFailed",
}
CONFIGURATION_ERROR: dict[Side, str] = {
    Side.SOURCE: "DataflowMqttSourceConfigurationError",
    Side.DESTINATION: "DataflowMqttTargetConfigurationError",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One log line. `error_code` is the label it counts under in `aio_dataflow_errors`, None when it is not counted so.

    Dropped messages are not: `Figures.payload_errors` counts those that have no line too.
    """

    level: Literal["error", "warning", "info", "debug"]
    mark: Mark
    text: str
    hint: str | None = None
    side: Side | None = None
    error_code: str | None = None
    fields: Mapping[str, str | int | float] = field(default_factory=dict)
