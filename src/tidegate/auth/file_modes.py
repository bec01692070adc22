"""Whether others on this machine may read or change files that hold secrets.

Knows modes, of files and of the folders above them, and how Kubernetes mounts volumes. Does not know what is in the files.
A group may read: that is how an administrator gives a service its secrets (0640). A group that may write, or anybody else
who may do anything, is too many. In a volume of Kubernetes, which only its containers see, files are 0644 unless said
otherwise, so there only who may write counts.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath

from tidegate.auth.secret_directory import CURRENT_LINK

__all__ = ["OBJECTS_MAX", "LooseFile", "loose_file", "loose_secrets"]

OBJECTS_MAX = 1_000
"""Of how many files of secrets the modes are looked at."""

_PUBLIC = re.compile(r".*\.crt|client_cert\.pem|client_intermediate_certs\.pem")
"""Certificates are for everybody to read."""


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A file that too many may read or change; `mode` are its permission bits."""

    path: PurePath
    mode: int
    may: str


def loose_secrets(directory: PurePath) -> list[LooseFile]:
    """Return what is loose of the files `<directory>/<name>/<key>`; what cannot be looked at is not reported here."""
    try:
        paths = sorted(path for path in Path(directory).glob("*/*") if not path.name.startswith(".."))[:OBJECTS_MAX]
    except OSError:
        return []
    return [found for path in paths if (found := loose_file(path)) is not None]


def loose_file(path: PurePath) -> LooseFile | None:
    """Return what is loose about one file, None when it is well or cannot be looked at. Links are followed."""
    target = Path(os.path.realpath(path))
    try:
        found = target.stat()
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    mode = stat.S_IMODE(found.st_mode)
    is_volume = os.path.lexists(Path(path).parent / CURRENT_LINK)
    is_reachable = _is_open_to_others(target.parent)
    if (mode & stat.S_IWOTH and is_reachable) or (mode & stat.S_IWGRP and not is_volume):
        who = "everybody on this machine" if mode & stat.S_IWOTH and is_reachable else "its group"
        return LooseFile(path, mode, f"may be changed by {who}")
    if mode & stat.S_IROTH and is_reachable and not is_volume and not _PUBLIC.fullmatch(path.name):
        return LooseFile(path, mode, "may be read by everybody on this machine")
    return None


def _is_open_to_others(folder: Path) -> bool:
    """Tell whether others may enter a folder and all above it."""
    try:
        return all(each.stat().st_mode & stat.S_IXOTH for each in (folder, *folder.parents))
    except OSError:
        return True
