from tidegate.flow.events import CredentialRenewed, Side
from tidegate.telemetry.credential_events import CREDENTIAL_LINES, CredentialRefused, CredentialsChanged


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
