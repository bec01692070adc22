"""Tokens out of a file that somebody else renews, such as a projected volume of Kubernetes.

Knows files. Does not know what a token says. The path is followed anew each time, since a volume swaps links.
"""

import os
import stat
from collections.abc import Hashable
from pathlib import Path, PurePath

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.exceptions import CredentialError

__all__ = ["TokenFile"]


class TokenFile:
    """The token in the file `path`."""

    is_cheap = True

    def __init__(self, path: PurePath) -> None:
        self.reference = f"token file {path}"
        self._path = Path(path)

    def fetch(self) -> bytes:
        """Read the file, no more of it than a token can have."""
        try:
            # Not to wait at a pipe that nobody writes to.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise CredentialError(self.reference, "this is not a file", "name the file that holds the token")
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    return file.read(TOKEN_BYTES_MAX + 2)
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise CredentialError(
                self.reference, f"it cannot be read: {reason}", "check the path, and the file's owner and mode"
            ) from None

    def version(self) -> Hashable:
        try:
            found = self._path.stat()
        except OSError as error:
            return error.errno
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
