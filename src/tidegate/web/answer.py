"""What a request is answered with, before it becomes HTTP.

Knows status, body and headers. Does not know a web framework.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is JSON, None for an empty one."""

    status: int
    body: Any = None  # Any: JSON
    headers: dict[str, str] = field(default_factory=dict)
