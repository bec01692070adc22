"""The end of something that a connection authenticates with or trusts, and from when on that is worth a warning.

Knows shares of a life. Does not know certificates or tokens, or who is warned.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Expiry"]

CERTIFICATE_PART = 1 / 5
"""No certificate is warned of before this part of its life is left: one of a day is not due for renewal all its life."""

TOKEN_PART = 1 / 20
"""The same of tokens, which are renewed on their own when a third is left, or five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """The end of one thing that a connection needs; times are in seconds since 1970.

    `kind` `certificate` is the client's own, `intermediate` one that it sends along, `authority` one that it trusts.
    `is_followed` tells of an authority that the bundle has a later certificate of the same name.
    """

    kind: Literal["token", "certificate", "intermediate", "authority"]
    name: str
    begins_wall: float
    expires_wall: float
    is_followed: bool = False

    def warns_at_wall(self, warning_seconds: float) -> float:
        """Return from when on it is near: `warning_seconds` before, and for short lives later than that."""
        part = TOKEN_PART if self.kind == "token" else CERTIFICATE_PART
        return self.expires_wall - min(warning_seconds, max(0.0, self.expires_wall - self.begins_wall) * part)
