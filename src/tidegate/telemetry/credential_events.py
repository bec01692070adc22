"""What happens to the credentials of a connection, each event with its log line.

Knows what each event reads like to a person. Does not know credentials: nothing secret is part of an event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.flow.events import CredentialRenewed, Side
from tidegate.telemetry.line import CONFIGURATION_ERROR, Line
from tidegate.telemetry.status import CredentialKind

__all__ = ["CREDENTIAL_LINES", "CredentialEvent", "CredentialExpiring", "CredentialRefused", "CredentialsChanged"]


@dataclass(frozen=True, slots=True)
class CredentialRefused:
    """A secret or config map cannot be used. `keeps_connection` tells whether the old connection goes on."""

    side: Side
    detail: str
    hint: str | None
    keeps_connection: bool


@dataclass(frozen=True, slots=True)
class CredentialsChanged:
    """A secret or config map of this side changed, and the connection is re-made with its session kept."""

    side: Side


@dataclass(frozen=True, slots=True)
class CredentialExpiring:
    """Something that this side authenticates with or trusts comes to its end; `kind` is as in `/status`."""

    side: Side
    kind: CredentialKind
    name: str
    expires_wall: float


CredentialEvent = CredentialRefused | CredentialsChanged | CredentialExpiring

_ENDING: dict[CredentialKind, tuple[str, str]] = {
    "token": (
        "the token for the {side}",
        "see why its source gives no newer one: `tidegate status` and the log say it",
    ),
    "certificate": (
        "the certificate for the {side}",
        "put the next certificate and its key into the secret; the connection is re-made with its session kept",
    ),
    "intermediate": (
        "an intermediate certificate for the {side}",
        "put a certificate of the next intermediate into the secret; the connection is re-made with its session kept",
    ),
    "authority": (
        "an authority that is trusted at the {side}",
        "add the next one to the config map, or remove it when the server's certificate is of another",
    ),
}


def _credential_renewed(event: CredentialRenewed) -> Line:
    return Line("info", "=", f"the {event.side.value} accepted a renewed credential", side=event.side)


def _credential_refused(event: CredentialRefused) -> Line:
    keeps = "; the connection goes on with the one before" if event.keeps_connection else ""
    return Line(
        "error",
        "!",
        f"the {event.side.value} has no usable credential: {event.detail}{keeps}",
        event.hint,
        side=event.side,
        error_code=CONFIGURATION_ERROR[event.side],
    )


def _credentials_changed(event: CredentialsChanged) -> Line:
    return Line("info", "=", f"the credential of the {event.side.value} changed; connecting anew", side=event.side)


def _credential_expiring(event: CredentialExpiring) -> Line:
    what, hint = _ENDING[event.kind]
    end = datetime.fromtimestamp(event.expires_wall, UTC)
    text = f"{what.format(side=event.side.value)}, {event.name}, ends on {end:%Y-%m-%d %H:%M:%S} UTC"
    return Line("warning", "!", text, hint, side=event.side, fields={"expires": event.expires_wall})


# Any: each function takes the one type it stands beside.
CREDENTIAL_LINES: dict[type, Callable[[Any], Line]] = {
    CredentialRenewed: _credential_renewed,
    CredentialRefused: _credential_refused,
    CredentialsChanged: _credentials_changed,
    CredentialExpiring: _credential_expiring,
}
"""How each is shown, for `events.line_of`."""
