"""The key of stored secrets."""

import subprocess
import sys
from pathlib import Path

import pytest

from tidegate.auth.secrets_key import KEY_BYTES, SecretsKey, secrets_key_path
from tidegate.exceptions import CredentialError


def key_in(folder: Path) -> SecretsKey:
    return SecretsKey(folder / "secrets.key", folder / "data")


def test_sealed_and_unsealed(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    assert key.unseal(b"anything", b"a") is None
    sealed = key.seal(b"hush", b"Secret/a")
    assert sealed != key.seal(b"hush", b"Secret/a")
    assert key_in(tmp_path).unseal(sealed, b"Secret/a") == b"hush"
    assert key.unseal(sealed, b"Secret/b") is None
    assert key.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), b"Secret/a") is None
    assert key.unseal(sealed[:12], b"Secret/a") is None
    (tmp_path / "secrets.key").unlink()
    assert key_in(tmp_path).unseal(sealed, b"Secret/a") is None
    assert "hush" not in repr(key)


def test_a_key_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(CredentialError, match="has 5 bytes; it has to have 32"):
        key_in(tmp_path).seal(b"hush", b"")
    path.write_bytes(bytes(KEY_BYTES))
    path.chmod(0o644)
    with pytest.raises(CredentialError, match="others than its owner may read it"):
        key_in(tmp_path).seal(b"hush", b"")


SEALS = """
import sys
from pathlib import Path
from tests.auth.test_secrets_key import key_in
sys.stdout.buffer.write(key_in(Path(sys.argv[1])).seal(b"hush", b""))
"""


def test_of_several_processes_one_makes_the_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SEALS, str(tmp_path)]
    makers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(6)]
    sealed = [maker.communicate(timeout=60)[0] for maker in makers]
    assert {key_in(tmp_path).unseal(each, b"") for each in sealed} == {b"hush"}


def test_where_the_key_lies(tmp_path: Path) -> None:
    credential = tmp_path / "tidegate-secrets-key"
    environment = {"HOME": "/anna", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert secrets_key_path(environment) == Path("/anna/.config/tidegate/secrets.key")
    credential.write_bytes(b"")
    assert secrets_key_path(environment) == credential
    environment = {"HOME": "/anna", "XDG_CONFIG_HOME": "/elsewhere"}
    assert secrets_key_path(environment) == Path("/elsewhere/tidegate/secrets.key")
    assert secrets_key_path({**environment, "CONFIGURATION_DIRECTORY": "/etc/a:/etc/b"}) == Path("/etc/a/secrets.key")
