"""`DataflowProfile`: how many instances run a group of data flows, and how they report (facts 1.5).

Knows the shape. Does not know which data flows belong to it.
"""

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource
from tidegate.resources.values import Port

__all__ = ["LOG_LEVELS", "DataflowProfile", "DataflowProfileSpec", "Diagnostics", "Logs", "Metrics"]

LOG_LEVELS = ("off", "error", "warn", "info", "debug", "trace")


def _log_level(text: str) -> str:
    for part in text.split(","):
        module, _, level = part.strip().rpartition("=")
        if level not in LOG_LEVELS or ("=" in part and not re.fullmatch(r"[\w:.-]+", module)):
            detail = f"level is `{text}`; allowed are {', '.join(LOG_LEVELS[:-1])} and {LOG_LEVELS[-1]}"
            hint = "several are separated by `,`, one for a module is `module=level`"
            raise PydanticCustomError("log_level", "{detail}", {"detail": detail, "hint": hint, "word": level})
    return text


class Logs(Model):
    """What is logged."""

    level: Annotated[str, AfterValidator(_log_level)] = Field(
        default="info", description="`off`, `error`, `warn`, `info`, `debug` or `trace`, or `module=level` pairs."
    )


class Metrics(Model):
    """Where metrics are served."""

    prometheus_port: Port = Field(
        default=9600, description="Port of the profile's metrics; 0 serves none, 9600 those of the engine."
    )


class Diagnostics(Model):
    """How a profile reports."""

    logs: Logs = Field(default=Logs(), description="What is logged.")
    metrics: Metrics = Field(default=Metrics(), description="Where metrics are served.")
    # Any: a preview feature of the resource model that nothing here reads.
    debugging_settings: dict[str, Any] | None = Field(default=None, description="Kept, without effect.")


class DataflowProfileSpec(Model):
    """A group of data flows that scale together."""

    instance_count: int = Field(
        default=1, ge=1, le=20, description="Instances of each data flow; more than one share their sources."
    )
    diagnostics: Diagnostics = Field(default=Diagnostics(), description="How the profile reports.")


class DataflowProfile(Resource):
    """A group of data flows that scale together."""

    kind_name: ClassVar[str] = "DataflowProfile"

    spec: DataflowProfileSpec = Field(
        default=DataflowProfileSpec(), description="Instances and diagnostics of the profile."
    )
