"""What a transformation is and what it may answer, as plain frozen values: no closures, no resources.

Knows the shape. Does not know how it is evaluated (`compiler`) or where it was written.
"""

from dataclasses import dataclass

__all__ = ["Dropped", "TransformSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformSpec:
    """The middle of a data flow. `topic_template` is `dataDestination`, with `${inputTopic}` variables (facts 2.5)."""

    topic_template: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The transformation ends a message: `reason` is the counter's label, `detail` the sentence for the log."""

    reason: str
    detail: str
