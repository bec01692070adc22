"""User names and passwords of plain devices, kept as scrypt hashes in the data directory.

Knows the file, the hashes, and that an unknown user takes as long as a known one. Does not know listeners.
"""

import hashlib
import hmac
import os
import re
from pathlib import Path

import msgspec

from tidegate.auth.private_files import read_private, write_private
from tidegate.exceptions import CredentialError

__all__ = ["PASSWORD_BYTES_MAX", "PASSWORD_BYTES_MIN", "USERS_MAX", "Users", "users_path"]

USERS_MAX = 10_000
PASSWORD_BYTES_MIN = 8
PASSWORD_BYTES_MAX = 1_024
FILE_BYTES_MAX = 8 * 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")
# 16 MiB and about 50 ms for each check, which runs in a thread.
_N, _R, _P = 2**14, 8, 1
_SALT_BYTES = 16


class _Entry(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    salt: bytes
    digest: bytes

    def __repr__(self) -> str:
        return "_Entry()"


_NOBODY = _Entry(bytes(_SALT_BYTES), bytes(32))
_decode = msgspec.json.Decoder(dict[str, _Entry]).decode


def users_path(directory: Path) -> Path:
    """Return where the users of a data directory lie."""
    return directory / "users.json"


class Users:
    """The users of one data directory, read again when the file changes."""

    def __init__(self, directory: Path) -> None:
        self._path = users_path(directory)
        self._entries: dict[str, _Entry] = {}
        self._seen: tuple[int, int] | None = None

    def names(self) -> list[str]:
        """Return the names of all users. Raises `CredentialError` for a file that cannot be used."""
        self._refresh()
        return sorted(self._entries)

    def set(self, name: str, password: bytes) -> bool:
        """Add a user, or give one another password; return whether it is new.

        Raises:
            CredentialError: the name or password cannot be used, or the file cannot be written.
        """
        self._refresh()
        if _NAME.fullmatch(name) is None:
            raise CredentialError(
                f"user {name!r}", "this is no name for a user", "use letters, digits and . _ @ -, at most 128 of them"
            )
        if not PASSWORD_BYTES_MIN <= len(password) <= PASSWORD_BYTES_MAX:
            raise CredentialError(
                f"user {name}", f"a password has {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes", "choose another"
            )
        is_new = name not in self._entries
        if is_new and len(self._entries) >= USERS_MAX:
            raise CredentialError(str(self._path), f"there are {USERS_MAX} users", "remove some: tidegate user delete")
        salt = os.urandom(_SALT_BYTES)
        self._entries[name] = _Entry(salt, _scrypt(password, salt))
        self._write()
        return is_new

    def delete(self, name: str) -> bool:
        """Remove a user; return whether there was one."""
        self._refresh()
        if self._entries.pop(name, None) is None:
            return False
        self._write()
        return True

    def check(self, name: str, password: bytes) -> bytes | None:
        """Return the user's `mark` when the password is right. Takes tens of milliseconds, whoever asks.

        Raises `CredentialError`.
        """
        self._refresh()
        entry = self._entries.get(name)
        # An unknown user costs the same, so that nobody learns who is known.
        known = entry if entry is not None else _NOBODY
        digest = _scrypt(password[:PASSWORD_BYTES_MAX], known.salt)
        return known.salt if hmac.compare_digest(digest, known.digest) and entry is not None else None

    def mark(self, name: str) -> bytes | None:
        """Return what stays the same until a user has another password; None for nobody. Raises `CredentialError`."""
        self._refresh()
        entry = self._entries.get(name)
        return None if entry is None else entry.salt

    def version(self) -> tuple[int, int] | None:
        """Return what tells whether the file has changed."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns)

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._entries, self._seen = {}, None
            return
        seen = (found.st_ino, found.st_mtime_ns)
        if seen == self._seen:
            return
        data = read_private(self._path, FILE_BYTES_MAX)
        try:
            self._entries = _decode(data or b"{}")
        except msgspec.DecodeError:
            raise CredentialError(
                str(self._path), "it is no list of users", "move it away and add the users anew"
            ) from None
        self._seen = seen

    def _write(self) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(self._entries)) + b"\n")
        self._seen = None


def _scrypt(password: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=_N, r=_R, p=_P, maxmem=64 * 1024 * 1024, dklen=32)
