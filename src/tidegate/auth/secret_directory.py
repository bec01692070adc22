"""Secrets and config maps out of directories, `<directory>/<name>/<key>`, the way Kubernetes mounts them.

Knows the swap of `..data` and what must not be followed or read. Does not know what the values mean.

A mounted volume holds `..data`, a link to a directory with the current values, and for each key a link through it. An
update makes a new directory and swaps `..data` in one step, so that link is resolved once and the whole is read there.
"""

import errno
import os
import re
import stat
from collections.abc import Hashable, Mapping
from pathlib import Path, PurePath

from tidegate.auth.secret_source import SecretSource
from tidegate.exceptions import CredentialError

__all__ = ["CURRENT_LINK", "OBJECT_BYTES_MAX", "DirectorySource"]

OBJECT_BYTES_MAX = 1024 * 1024
"""The largest sum of the values of one secret or config map, as in Kubernetes."""

READS_MAX = 5
"""How often a volume is read that is swapped during the read, before that is an error."""

CURRENT_LINK = "..data"
"""The link of a mounted volume to its current values."""

# Kubernetes' rule for keys. Other files (an editor's, the links of the mount itself) are no keys and are passed over.
_KEY = re.compile(r"(?!\.\.)[-._a-zA-Z0-9]{1,253}")


class DirectorySource(SecretSource):
    """The objects below `secrets` and `config_maps`; None for a directory that was not given."""

    def __init__(self, secrets: PurePath | None, config_maps: PurePath | None) -> None:
        self._secrets = Path(secrets) if secrets is not None else None
        self._config_maps = Path(config_maps) if config_maps is not None else None

    @property
    def place(self) -> str:
        directories = [str(directory) for directory in (self._secrets, self._config_maps) if directory is not None]
        return f"under {' or '.join(directories)}" if directories else "in any directory, for none was given"

    def find_secret(self, name: str) -> Mapping[str, bytes] | None:
        return _find(self._secrets, name, f"secret {name}")

    def find_config_map(self, name: str) -> Mapping[str, bytes] | None:
        return _find(self._config_maps, name, f"config map {name}")

    def version(self) -> Hashable:
        return tuple(
            _signatures(directory) for directory in (self._secrets, self._config_maps) if directory is not None
        )


def _find(directory: Path | None, name: str, reference: str) -> Mapping[str, bytes] | None:
    if directory is None or not os.path.lexists(directory / name):
        return None
    for _ in range(READS_MAX):
        values = _read(_real(directory), name, reference)
        if values is not None:
            return values
    raise CredentialError(reference, "it changed each time it was read", "write it less often, and all of it at once")


def _read(store: Path, name: str, reference: str) -> Mapping[str, bytes] | None:
    """Read one object as of one moment; None when it was swapped meanwhile."""
    home = _real(store / name)
    current = _real(home / CURRENT_LINK) if os.path.lexists(home / CURRENT_LINK) else home
    if not home.is_relative_to(store) or not current.is_relative_to(home):
        raise _leads_out(reference, "its directory")
    values: dict[str, bytes] = {}
    bytes_left = OBJECT_BYTES_MAX
    try:
        for path in sorted(current.iterdir()):
            if _KEY.fullmatch(path.name) is None:
                continue
            target = _real(path)
            if not target.is_relative_to(store):
                raise _leads_out(reference, f"the key {path.name}")
            value = _read_file(target, bytes_left + 1)
            if value is None:
                continue
            if len(value) > bytes_left:
                raise CredentialError(
                    reference, f"its values are larger than {OBJECT_BYTES_MAX} bytes", "keep only what is needed there"
                )
            bytes_left -= len(value)
            values[path.name] = value
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno is not None else "unknown error"
        raise CredentialError(reference, f"cannot be read: {reason}", "check the files' owner and mode") from None
    return values


def _read_file(path: Path, bytes_max: int) -> bytes | None:
    """Read up to `bytes_max` bytes of a file that is no link; None for what is no file (a directory, a pipe)."""
    try:
        # Not to follow a link made since `resolve`, and not to wait at a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(bytes_max)
    finally:
        os.close(descriptor)


def _real(path: Path) -> Path:
    """Follow all links. Unlike `Path.resolve`, this leaves a loop of links for `open` to complain about."""
    return Path(os.path.realpath(path))


def _leads_out(reference: str, what: str) -> CredentialError:
    return CredentialError(reference, f"{what} is a link that leads out of the store", "put a copy there in its place")


def _signatures(directory: Path) -> Hashable:
    """What changes when any file of any object does: names, and of each file its identity, size and times."""
    signatures: list[Hashable] = []
    try:
        for path in sorted(directory.glob("*/*")):
            try:
                found = path.stat()
            except OSError as error:
                signatures.append((str(path), error.errno))
            else:
                signatures.append((str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    except OSError as error:
        signatures.append(error.errno)
    return tuple(signatures)
