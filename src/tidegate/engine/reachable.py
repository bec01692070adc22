"""Where the embedded broker can be reached, written down for commands on the same machine.

Knows the file. Nothing secret is in it: whoever reads it still needs a credential. Does not know listeners.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tidegate.auth.private_files import write_private

__all__ = ["BROKER_FILE_NAME", "Reachable", "forget_reachable", "read_reachable", "write_reachable"]

BROKER_FILE_NAME = "broker.json"


class Reachable(msgspec.Struct, frozen=True, kw_only=True):
    """A port that is listened on."""

    port: int
    protocol: str
    tls: bool
    authentication: bool
    audience: str | None
    """For whom a token has to be; None where none is taken."""


def write_reachable(directory: Path, ports: Iterable[Reachable]) -> None:
    """Write down which ports of the broker of a data directory are open, where that is news.

    It is looked at every few seconds, and a disk that is full meanwhile is no reason to fail.
    """
    path, written = directory / BROKER_FILE_NAME, msgspec.json.encode(list(ports)) + b"\n"
    if not path.exists() or path.read_bytes() != written:
        write_private(path, written)


def read_reachable(directory: Path) -> list[Reachable]:
    """Return the open ports. Raises `OSError` where no broker has written any, `msgspec.DecodeError` for another file."""
    return msgspec.json.decode((directory / BROKER_FILE_NAME).read_bytes(), type=list[Reachable])


def forget_reachable(directory: Path) -> None:
    """Take note that nothing is open any more."""
    (directory / BROKER_FILE_NAME).unlink(missing_ok=True)
