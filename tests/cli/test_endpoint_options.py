"""`cli/endpoint_options.py`: every spelling of a flag arrives."""

import pytest
from tests.cli.stores import Shell

from tidegate.adapters.endpoint_flags import EndpointFlags
from tidegate.cli.endpoint_options import endpoint_flags

CREATE = ["dataflow", "endpoint", "create"]


@pytest.mark.parametrize(
    ("typed", "path", "value"),
    [
        (["--host", "h", "--port", "1", "--no-auth"], "host", "h:1"),
        (["--hostname", "h", "--port", "1", "--aud", "a"], "authentication.serviceAccountTokenSettings.audience", "a"),
        (["--host", "h", "--port", "1", "--sat-aud", "a"], "authentication.serviceAccountTokenSettings.audience", "a"),
        (
            ["--host", "h", "--port", "1", "--sami-aud", "a"],
            "authentication.systemAssignedManagedIdentitySettings.audience",
            "a",
        ),
        (
            ["--host", "h", "--port", "1", "--cid", "c", "--tid", "t", "--scope", "s"],
            "authentication.method",
            "UserAssignedManagedIdentity",
        ),
        (["--host", "h", "--port", "1", "-s", "c"], "authentication.x509CertificateSettings.secretRef", "c"),
        (
            ["--host", "h", "--port", "1", "--auth-type", "x509certificate", "--secret-name", "c"],
            "authentication.method",
            "X509Certificate",
        ),
        (["--host", "h", "--port", "1", "--ka", "7"], "keepAliveSeconds", 7),
        (["--host", "h", "--port", "1", "--mim", "7"], "maxInflightMessages", 7),
        (["--host", "h", "--port", "1", "--session-expiry", "7"], "sessionExpirySeconds", 7),
        (["--host", "h", "--port", "1", "--cea", "createorremap"], "cloudEventAttributes", "CreateOrRemap"),
        (["--host", "h", "--port", "1", "--cm", "ca"], "tls.trustedCaCertificateConfigMapRef", "ca"),
        (["--host", "h", "--port", "1", "--disable-tls"], "tls.mode", "Disabled"),
        (["--host", "h", "--port", "1", "--disable-tls", "false"], "tls.mode", "Enabled"),
        (["--host", "h", "--port", "1", "--qos", "0"], "qos", 0),
        (["--host", "h", "--port", "1", "--retain", "never"], "retain", "Never"),
        (["--host", "h", "--port", "1", "--protocol", "websockets"], "protocol", "WebSockets"),
        (["--host", "h", "--port", "1", "--client-id-prefix", "p"], "clientIdPrefix", "p"),
    ],
)
def test_spellings(shell: Shell, typed: list[str], path: str, value: str | int) -> None:
    query = f"mqttSettings.{path}"
    assert shell.type(*CREATE, "custom-mqtt", "-n", "cloud", *typed, "--show-config", "--query", query) == 0
    assert shell.out.strip().strip('"') == str(value)


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("local-mqtt", "--client-id"),
        ("local-mqtt", "--sat-audience"),
        ("eventgrid", "--no-auth"),
        ("eventgrid", "--sami-audience"),
    ],
)
def test_a_flag_that_a_kind_does_not_have(shell: Shell, kind: str, flag: str) -> None:
    assert shell.type(*CREATE, kind, "-n", "cloud", "--host", "h", "--port", "1", flag, "x") == 2
    assert shell.err.startswith("error")


def test_what_is_no_boolean(shell: Shell) -> None:
    assert (
        shell.type(*CREATE, "custom-mqtt", "-n", "cloud", "--host", "h", "--port", "1", "--disable-tls", "maybe") == 2
    )
    assert "neither true nor false" in shell.err


def test_flags_are_taken_out_of_what_was_given() -> None:
    given = {"hostname": "h", "qos": None, "no_auth": True, "data_dir": "d"}
    assert endpoint_flags(given) == EndpointFlags(hostname="h", no_auth=True)
    assert given == {"qos": None, "data_dir": "d"}
