"""What happens to the credentials of a connection, each event with its log line.

Knows what each event reads like to a person. Does not know credentials: nothing secret is part of an event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.flow.events import CredentialRenewed, Side
from tidegate.telemetry.line import CONFIGURATION_ERROR, Line

__all__ = ["CREDENTIAL_LINES", "CredentialEvent", "CredentialRefused", "CredentialsChanged"]


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


CredentialEvent = CredentialRefused | CredentialsChanged


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


# Any: each function takes the one type it stands beside.
CREDENTIAL_LINES: dict[type, Callable[[Any], Line]] = {
    CredentialRenewed: _credential_renewed,
    CredentialRefused: _credential_refused,
    CredentialsChanged: _credentials_changed,
}
"""How each is shown, for `events.line_of`."""
