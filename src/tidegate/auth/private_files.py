"""Files that only their owner may read: written whole or not at all, and refused where others could read them.

Knows modes and atomic replacement. Does not know what is in the files.
"""

import os
from contextlib import suppress
from pathlib import Path

from tidegate.exceptions import CredentialError

__all__ = ["create_private", "make_private_folder", "read_private", "write_private"]


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter. Raises `CredentialError` when it cannot be made."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as error:
        raise CredentialError(str(path), f"the folder cannot be made: {error.strerror}") from error


def write_private(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file as a whole; it has its mode before anything is in it. Raises `CredentialError`."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            beside.unlink()
        _write(beside, data, mode)
        beside.replace(path)
    except OSError as error:
        raise CredentialError(str(path), f"it cannot be written: {error.strerror}") from error


def create_private(path: Path, data: bytes) -> bool:
    """Write a file, with its folder, unless it is there; of several processes one does. Raises `CredentialError`.

    Returns:
        Whether this call wrote it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            beside.unlink()
        _write(beside, data, 0o600)
        try:
            os.link(beside, path)
        except FileExistsError:
            return False
        finally:
            beside.unlink()
    except OSError as error:
        raise CredentialError(str(path), f"it cannot be written: {error.strerror}") from error
    return True


def read_private(path: Path, bytes_max: int) -> bytes | None:
    """Read a file that holds a secret, None when there is none.

    Raises:
        CredentialError: others may read it, it is longer than `bytes_max`, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialError(str(path), f"it cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise CredentialError(
                str(path),
                "others than its owner may read it, so it is no secret",
                f"make it anew, or: chmod 600 {path}",
            )
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise CredentialError(
            str(path), f"it is longer than {bytes_max} bytes", "it is not a file of ours; move it away"
        )
    return data


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
