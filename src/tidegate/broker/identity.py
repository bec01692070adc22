"""Who a client is, and how it proves it.

Knows the values that cross between the broker core and whoever checks credentials. Does not know how they are checked.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

__all__ = ["Accepted", "Basis", "Challenge", "Identity", "Presented", "Refused", "Verdict"]


class Identity(msgspec.Struct, frozen=True):
    """Who a client was found to be.

    `subject` is the service account (`system:serviceaccount:NAMESPACE:NAME`), the certificate's subject (RFC 4514) or the
    user name, and empty for anonymous clients. `attributes` are for authorization rules (facts 1.9).
    """

    client_id: str
    subject: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Presented:
    """What a client presented: in CONNECT, in AUTH, or with its certificate. Without a `repr`, for it holds secrets."""

    client_id: str
    method: str | None = None
    data: bytes | None = None
    username: str | None = None
    password: bytes | None = None
    certificates_der: tuple[bytes, ...] = ()
    """The client's certificate and those that it sent along, which the TLS listener has verified; empty for none."""
    subject_before: str | None = None
    """The subject that re-authenticates, None at CONNECT: another one is refused."""


class Basis(msgspec.Struct, frozen=True):
    """What an acceptance rests on, so that it can be judged again when methods or users are others; it holds no secret.

    `names` are the audiences of a token, or the user whose password it was; `mark` changes with that password.
    """

    kind: Literal["token", "certificate", "password"]
    names: tuple[str, ...] = ()
    mark: bytes = b""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The client is who it says. `expires_wall` is in seconds since 1970, None for a credential without an end."""

    identity: Identity
    expires_wall: float | None = None
    basis: Basis | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The client is not let in. `reason_code` is a CONNACK reason code; `detail` is for our log, never for the client."""

    reason_code: int
    detail: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The method wants more data (AUTH 0x18)."""

    data: bytes | None = None


Verdict = Accepted | Refused | Challenge
