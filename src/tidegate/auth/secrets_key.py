"""The key that the content of stored secrets is encrypted with: AES-256-GCM, in a file of its own.

Knows where the key lies, and that it is never beside what it protects. Does not know what is encrypted.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.auth.private_files import create_private, read_private
from tidegate.exceptions import CredentialError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KEY_BYTES", "SecretsKey", "secrets_key_path"]

KEY_BYTES = 32

_FILE_NAME = "secrets.key"
_CREDENTIAL_NAME = "tidegate-secrets-key"
_NONCE_BYTES = 12
_FORMAT = b"\x01"
_ID_BYTES = 8


def secrets_key_path(environment: Mapping[str, str]) -> Path:
    """Return where the key lies by default.

    That is the credential `tidegate-secrets-key` of systemd where there is one, else `secrets.key` in
    `$CONFIGURATION_DIRECTORY`, else in `$XDG_CONFIG_HOME/tidegate`.
    """
    credentials = environment.get("CREDENTIALS_DIRECTORY", "")
    if credentials and (Path(credentials) / _CREDENTIAL_NAME).exists():
        return Path(credentials) / _CREDENTIAL_NAME
    configuration = environment.get("CONFIGURATION_DIRECTORY", "").split(":")[0]
    if configuration:
        return Path(configuration) / _FILE_NAME
    home = environment.get("XDG_CONFIG_HOME", "")
    # The XDG rules say that a relative value is to be ignored.
    base = Path(home) if home.startswith("/") else Path(environment.get("HOME", "/")) / ".config"
    return base / "tidegate" / _FILE_NAME


class SecretsKey:
    """The key, read when it is first needed, and made when something is first to be encrypted.

    A sealed text is its format (1 byte), the key's identity (8), the nonce (12), and the ciphertext with its tag.
    """

    def __init__(self, path: Path, data_directory: Path) -> None:
        """Raise `CredentialError` when the key would lie inside the data directory, and so in every copy of it."""
        self._path = path
        self._key: bytes | None = None
        if path.resolve().is_relative_to(data_directory.resolve()):
            raise CredentialError(
                str(path),
                "the key of secrets lies inside the data directory, so whoever has a copy of that has both",
                "choose a file elsewhere with --secrets-key-file",
            )

    def __repr__(self) -> str:
        return f"SecretsKey({str(self._path)!r})"

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt. Raises `CredentialError` when the key cannot be read or made."""
        key = self._read() or self._make()
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + _identity(key) + nonce + _aead(key).encrypt(nonce, plain, context)

    def unseal(self, sealed: bytes, context: bytes) -> bytes | None:
        """Decrypt; None where there is no key, it cannot be used, it is another, or the text was tampered with."""
        from cryptography.exceptions import InvalidTag

        try:
            key = self._read()
        except CredentialError:
            key = None
        if key is None or not sealed.startswith(_FORMAT + _identity(key)):
            return None
        rest = sealed[len(_FORMAT) + _ID_BYTES :]
        try:
            return _aead(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            return None

    def _read(self) -> bytes | None:
        if self._key is None:
            key = read_private(self._path, KEY_BYTES)
            if key is not None and len(key) != KEY_BYTES:
                raise CredentialError(
                    str(self._path),
                    f"the key of secrets has {len(key)} bytes; it has to have {KEY_BYTES}",
                    "put the right file there, or move this one away to have a new key made",
                )
            self._key = key
        return self._key

    def _make(self) -> bytes:
        create_private(self._path, os.urandom(KEY_BYTES))
        # What lies there counts: another process may have been the first.
        key = self._read()
        assert key is not None
        return key


def _identity(key: bytes) -> bytes:
    return hashlib.sha256(b"tidegate secrets key" + key).digest()[:_ID_BYTES]


def _aead(key: bytes) -> "AESGCM":
    # Imported here: most commands need no secret, and are spared the time.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
