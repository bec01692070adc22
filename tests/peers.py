"""Programs beside Tidegate that tests run against, and what happens when one is missing.

A test asks for its peer with `require`. A missing peer fails the test where `CI` is `true`; elsewhere the test is
skipped, and `conftest` says at the end of the run how many were.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["PEERS", "NodePackage", "Peer", "is_ci", "missing", "require", "summary"]

# Debian keeps servers where the PATH of a plain user does not look.
SERVER_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Peer:
    """A program by its name in the PATH, and the command that installs it."""

    program: str
    install: str

    def find(self) -> str | None:
        """Return where the program is, or None."""
        return shutil.which(self.program) or shutil.which(self.program, path=SERVER_PATH)


class NodePackage(Peer):
    """A package of npm, by its name; it is installed beside the Python packages of the virtual environment."""

    def find(self) -> str | None:
        """Return the folder of the package, or None."""
        folder = Path(sys.prefix) / "node" / "node_modules" / self.program
        return str(folder) if (folder / "package.json").exists() else None


PEERS = {
    "mosquitto": Peer("mosquitto", "sudo make mosquitto"),
    "mosquitto_pub": Peer("mosquitto_pub", "sudo make mosquitto"),
    "mosquitto_sub": Peer("mosquitto_sub", "sudo make mosquitto"),
    "node": Peer("node", "sudo make node"),
    "MQTT.js": NodePackage("mqtt", "make .venv/node.stamp"),
    "strace": Peer("strace", "sudo make strace"),
}


def is_ci() -> bool:
    """Tell whether this run must not leave anything out."""
    return os.environ.get("CI") == "true"


def missing(name: str) -> str:
    """Return the sentence that says that a peer is missing, and how to mend it."""
    return f"{name} is not installed ({PEERS[name].install})"


def require(name: str) -> str:
    """Return where the peer is. Without it fail the running test, or skip it where this is not CI."""
    found = PEERS[name].find()
    if found is not None:
        return found
    if is_ci():
        pytest.fail(missing(name), pytrace=False)
    pytest.skip(missing(name))


def summary(skip_reasons: list[str]) -> list[str]:
    """Return a line for each missing peer, with the number of tests that were left out because of it."""
    lines = []
    for name in PEERS:
        count = sum(missing(name) in reason for reason in skip_reasons)
        if count:
            lines.append(f"{count} test{'' if count == 1 else 's'} not run: {missing(name)}")
    return lines
