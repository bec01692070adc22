import pytest

from tidegate.flow.events import CredentialRenewed, Side
from tidegate.telemetry.credential_events import (
    CREDENTIAL_LINES,
    CredentialExpiring,
    CredentialRefused,
    CredentialsChanged,
)
from tidegate.telemetry.status import CredentialKind


def test_a_refused_credential_says_whether_the_connection_goes_on() -> None:
    show = CREDENTIAL_LINES[CredentialRefused]
    line = show(CredentialRefused(Side.SOURCE, "secret a: it is empty", "fill it", keeps_connection=True))
    assert line.text == (
        "the source has no usable credential: secret a: it is empty; the connection goes on with the one before"
    )
    assert (line.level, line.hint, line.error_code) == ("error", "fill it", "DataflowMqttSourceConfigurationError")
    line = show(CredentialRefused(Side.SOURCE, "secret a: it is empty", None, keeps_connection=False))
    assert line.text.endswith("it is empty")


def test_a_changed_and_a_renewed_one_are_no_errors() -> None:
    for event in (CredentialsChanged(Side.DESTINATION), CredentialRenewed(Side.DESTINATION)):
        line = CREDENTIAL_LINES[type(event)](event)
        assert (line.level, line.mark, line.error_code) == ("info", "=", None)


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        ("token", "the token for the destination, x, ends on 2027-01-15 08:00:00 UTC", "see why its source"),
        ("certificate", "the certificate for the destination, x, ends on", "the next certificate and its key"),
        ("intermediate", "an intermediate certificate for the destination, x, ends on", "of the next intermediate"),
        ("authority", "an authority that is trusted at the destination, x, ends on", "add the next one to the config"),
    ],
)
def test_what_ends_soon_says_when_and_what_to_do(kind: CredentialKind, text: str, hint: str) -> None:
    line = CREDENTIAL_LINES[CredentialExpiring](CredentialExpiring(Side.DESTINATION, kind, "x", 1_800_000_000.0))
    assert line.text.startswith(text) and line.hint is not None and hint in line.hint
    assert (line.level, line.error_code, line.side) == ("warning", None, Side.DESTINATION), "it is no error yet"
