"""References to schemas: `aio-sr://<namespace>/<name>:<version>` (facts 2.8).

Knows the form. Does not know where schemas lie or what they say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["FORM", "SchemaReference", "SchemaTexts", "UnreadableSchema", "parse_reference"]

FORM = "aio-sr://<namespace>/<name>:<version>"

_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_REFERENCE = re.compile(rf"aio-sr://({_NAME})/({_NAME})(?::([1-9][0-9]{{0,8}}))?")


class SchemaReference(NamedTuple):
    """What names a schema. `version` counts from 1; None means the newest one, or with `add` the next one."""

    namespace: str
    name: str
    version: int | None

    def __str__(self) -> str:
        return f"aio-sr://{self.namespace}/{self.name}" + (f":{self.version}" if self.version is not None else "")


@dataclass(frozen=True, slots=True)
class UnreadableSchema:
    """A schema that is there and cannot be read; `detail` says why."""

    detail: str


SchemaTexts = Mapping[str, str | UnreadableSchema]
"""What a registry holds of the schemas that data flows refer to, by reference as it was written."""


def parse_reference(text: str, *, needs_version: bool = True) -> SchemaReference | None:
    """Read a reference; None where the text is none. Names cannot lead out of a folder."""
    found = _REFERENCE.fullmatch(text)
    if found is None or (needs_version and found[3] is None):
        return None
    return SchemaReference(found[1], found[2], int(found[3]) if found[3] is not None else None)
