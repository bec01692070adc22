"""What `validate` says of credentials that cannot be used; `auth/test_tls.py` has every way in which they cannot."""

import time
from pathlib import Path

import pytest
from tests.certificates import EXPIRED, ca, encrypted_key
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.tokens import unsigned_token

from tidegate.auth import managed_identity
from tidegate.diagnostics import Diagnostic
from tidegate.engine.credential_check import check_credentials
from tidegate.engine.load import load
from tidegate.moment import Moment
from tidegate.settings import Settings, TokenSettings

AUTHORITY = ca()
CLIENT = AUTHORITY.client()
EXPIRED_CLIENT = AUTHORITY.client(period=EXPIRED)
X509 = CLOUD.replace("{method: Anonymous}", "{method: X509Certificate, x509CertificateSettings: {secretRef: client}}")
NOW = Moment(0.0, time.time())


def check(directory: Path, certificate: bytes, key: bytes) -> list[Diagnostic]:
    secret = directory / "secrets" / "client"
    secret.mkdir(parents=True)
    (secret / "client_cert.pem").write_bytes(certificate)
    (secret / "client_key.pem").write_bytes(key)
    manifest = directory / "flow.yaml"
    manifest.write_text(DEFAULT + X509 + UPLINK)
    settings = Settings(data_dir=directory, secrets_dir=directory / "secrets")
    loaded = load([manifest], settings)
    assert loaded.plan is not None
    return check_credentials(loaded, settings, lambda: NOW)


def test_a_usable_credential_is_no_finding(tmp_path: Path) -> None:
    assert check(tmp_path, CLIENT.certificate, CLIENT.key) == []


def test_the_authority_of_the_embedded_broker_need_not_be_there_before_it_runs(tmp_path: Path) -> None:
    manifest = tmp_path / "flow.yaml"
    manifest.write_text(CLOUD + UPLINK)

    def found(**settings: bool) -> list[str]:
        given = Settings(data_dir=tmp_path, secrets_dir=tmp_path, configmaps_dir=tmp_path, **settings)  # type: ignore[arg-type]
        return [each.message for each in check_credentials(load([manifest], given), given, lambda: NOW)]

    assert found() == []
    name = "azure-iot-operations-aio-ca-trust-bundle"
    (tmp_path / name).mkdir()
    (tmp_path / name / "ca.crt").write_text("no certificate")
    (said,) = found()
    assert said.startswith(f"config map {name}: ")


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        (CLIENT.certificate, encrypted_key(CLIENT.key), "client_key.pem is encrypted"),
        (EXPIRED_CLIENT.certificate, EXPIRED_CLIENT.key, "client_cert.pem expired on 2021-02-03 04:05:06 UTC"),
        (CLIENT.certificate, EXPIRED_CLIENT.key, "does not"),
        (b"no certificate", CLIENT.key, "client_cert.pem"),
    ],
    ids=["encrypted key", "expired", "another key", "not PEM"],
)
def test_an_unusable_one_is_a_warning_at_its_reference(
    tmp_path: Path, certificate: bytes, key: bytes, says: str
) -> None:
    (finding,) = check(tmp_path, certificate, key)
    assert (finding.level, finding.code) == ("warning", "unusable-credential")
    assert finding.message.startswith("secret client: ")
    assert says in finding.message
    assert finding.message.endswith("; data flows with the endpoint `cloud` will not connect")
    assert finding.resource == "DataflowEndpoint/cloud"
    assert finding.path == "spec.mqttSettings.authentication.x509CertificateSettings.secretRef"
    assert finding.span is not None
    line = (tmp_path / "flow.yaml").read_text().splitlines()[finding.span.line - 1]
    assert line[finding.span.column - 1 :].startswith("client}")
    assert finding.hint is not None


def test_what_does_not_validate_is_not_tried(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(UPLINK)
    settings = Settings(data_dir=tmp_path)
    assert check_credentials(load([tmp_path / "flow.yaml"], settings), settings, lambda: NOW) == []


TOKEN_ENDPOINT = CLOUD.replace("{method: Anonymous}", "{method: %s, %sSettings: {%s}}")
SERVICE_ACCOUNT = ("ServiceAccountToken", "serviceAccountToken", "audience: my-broker")
IDENTITY = ("SystemAssignedManagedIdentity", "systemAssignedManagedIdentity", "audience: https://x.example")


def check_tokens(directory: Path, method: tuple[str, str, str], tokens: TokenSettings) -> list[str]:
    """Return what is said of an endpoint that authenticates with a token."""
    (directory / "flow.yaml").write_text(DEFAULT + TOKEN_ENDPOINT % method + UPLINK)
    settings = Settings(data_dir=directory, tokens=tokens)
    loaded = load([directory / "flow.yaml"], settings)
    assert loaded.plan is not None, loaded.diagnostics
    findings = check_credentials(loaded, settings, lambda: NOW)
    assert {finding.path for finding in findings} <= {"spec.mqttSettings.authentication.method"}
    return [f"{finding.message} {finding.hint}" for finding in findings]


def test_a_token_that_nobody_gives_is_a_warning(tmp_path: Path) -> None:
    (said,) = check_tokens(tmp_path, SERVICE_ACCOUNT, TokenSettings())
    assert "there is no source of tokens for this audience" in said
    assert "--token-file my-broker=PATH" in said


def test_a_token_file_is_tried_and_a_command_is_not(tmp_path: Path) -> None:
    path = tmp_path / "token"
    tokens = TokenSettings(files=(("my-broker", path),))
    assert "cannot be read" in check_tokens(tmp_path, SERVICE_ACCOUNT, tokens)[0]
    path.write_bytes(unsigned_token("other", NOW.wall, NOW.wall + 60))
    assert "so it is not sent" in check_tokens(tmp_path, SERVICE_ACCOUNT, tokens)[0]
    path.write_bytes(unsigned_token("my-broker", NOW.wall, NOW.wall + 60))
    assert check_tokens(tmp_path, SERVICE_ACCOUNT, tokens) == []
    marker = tmp_path / "was run"
    command = TokenSettings(commands=(("my-broker", ("touch", str(marker))),))
    assert check_tokens(tmp_path, SERVICE_ACCOUNT, command) == []
    assert not marker.exists()


def test_a_managed_identity_needs_the_library_unless_tokens_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_tokens(tmp_path, IDENTITY, TokenSettings()) == []
    monkeypatch.setattr(managed_identity, "find_spec", lambda name: None)
    assert "pip install 'tidegate[azure]'" in check_tokens(tmp_path, IDENTITY, TokenSettings())[0]
    given = TokenSettings(commands=(("https://x.example", ("mint",)),))
    assert check_tokens(tmp_path, IDENTITY, given) == []
