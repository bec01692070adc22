"""What a transformation is and what it may answer, as plain frozen values: no closures, no resources.

Knows the shape. Does not know how it is evaluated (`compiler`) or where it was written.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DatasetSpec",
    "Dropped",
    "FilterSpec",
    "Filtered",
    "HeaderSpec",
    "MapSpec",
    "TransformSpec",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """One data set: its key in the store, the name that rules use for it, and which of its records applies (facts 3.11)."""

    key: str
    name: str
    inputs: tuple[str, ...]
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSpec:
    """One condition (facts 3.3). `description` is for people, and part of what is said when the rule fails."""

    inputs: tuple[str, ...]
    expression: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """One rule that writes `output`, or with an empty `output` removes its inputs (facts 3.1)."""

    inputs: tuple[str, ...]
    output: str
    expression: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSpec:
    """One change of the user properties (facts 1.6). `Remove` has no value."""

    action: Literal["AddIfNotPresent", "AddOrReplace", "Remove"]
    key: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformSpec:
    """The middle of a data flow.

    `topic_template` is `dataDestination` (facts 2.5), `topic_prefix` what its variables leave out of the source topic.
    An empty `maps` leaves the payload as it is. `filter_true` says what a
    condition that is true means (facts 3.3), `moves_copies` whether a plain copy behind a wildcard takes the field away from
    the wildcard (facts 3.5), `last_per_topic` whether `? $last` remembers a value for each source topic. `source_schema` and
    `output_schema` are references of the schema registry; `payload_schema` is the text of the schema that payloads have to be
    as, None where they may be anything; `target_name` is what CloudEvents name as their source (facts 4.4).
    """

    topic_template: str
    topic_prefix: str = ""
    datasets: tuple[DatasetSpec, ...] = ()
    filters: tuple[FilterSpec, ...] = ()
    maps: tuple[MapSpec, ...] = ()
    headers: tuple[HeaderSpec, ...] = ()
    filter_true: Literal["drop", "pass"] = "drop"
    moves_copies: bool = True
    last_per_topic: bool = False
    cloud_events: Literal["Propagate", "CreateOrRemap"] | None = None
    target_name: str = ""
    source_schema: str | None = None
    output_schema: str | None = None
    payload_schema: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """The transformation ends a message: `reason` is the counter's label, `detail` the sentence for the log."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Filtered:
    """A filter ends a message, as somebody wants it to."""

    rule: int
