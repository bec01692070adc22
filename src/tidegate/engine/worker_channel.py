"""What an engine and a worker say to each other over a pair of inherited sockets.

Knows the messages and their framing. Does not know processes or flows. Both ends are this program and nobody else can
reach the sockets, so messages are pickled.
"""

import asyncio
import pickle
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from tidegate.engine.diff import Assignment
from tidegate.settings import TokenSettings

__all__ = [
    "Apply",
    "Channel",
    "CheckAccounting",
    "Reply",
    "Request",
    "SecretValues",
    "StatusWanted",
    "StopFlows",
    "UseSecrets",
    "WorkerSetup",
]

LENGTH_BYTES = 4
MESSAGE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretValues:
    """What was declared, for a process that reads no manifests. No `repr` shows it.

    `tokens` are service account tokens for the embedded broker, by audience.
    """

    secrets: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tokens: Mapping[str, bytes] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"SecretValues({len(self.secrets)} secrets, {len(self.config_maps)} config maps)"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """The first message: what a worker needs before it can run anything."""

    sessions_directory: PurePath
    secrets_dir: PurePath | None
    configmaps_dir: PurePath | None
    drain_seconds: float
    connect_timeout_seconds: float
    credential_warning_days: float
    log_format: Literal["text", "json"] | None
    log_level: str
    tokens: TokenSettings
    secret_values: SecretValues


@dataclass(frozen=True, slots=True)
class Apply:
    """Run this; answered when every released flow has stopped."""

    assignment: Assignment


@dataclass(frozen=True, slots=True)
class UseSecrets:
    """Secrets, or the directories they are mounted in, have changed."""

    secret_values: SecretValues
    log_level: str


@dataclass(frozen=True, slots=True)
class StatusWanted:
    """Answered with a list of `FlowStatus`."""


@dataclass(frozen=True, slots=True)
class CheckAccounting:
    """Answered with a list of sentences, empty when all figures add up."""


@dataclass(frozen=True, slots=True)
class StopFlows:
    """Drain everything, keep the sessions, and answer. `at_once` leaves what is pending."""

    at_once: bool = False


Request = WorkerSetup | Apply | UseSecrets | StatusWanted | CheckAccounting | StopFlows


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the request of the same number; `value` is what the request says."""

    value: object


class Channel:
    """One end. Messages are numbered, so that answers may come in any order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """Take one of a pair of sockets."""
        return cls(*await asyncio.open_connection(sock=end))

    def send(self, number: int, message: Request | Reply) -> None:
        """Queue a message; it is lost when the other end is gone, which `receive` will tell."""
        data = pickle.dumps((number, message), protocol=pickle.HIGHEST_PROTOCOL)
        self._writer.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)

    async def flush(self) -> None:
        """Wait until what was sent is written. Raises `ConnectionError` when the other end is gone."""
        await self._writer.drain()

    async def receive(self) -> tuple[int, Request | Reply] | None:
        """Return the next message, or None when the other end is gone."""
        try:
            length = int.from_bytes(await self._reader.readexactly(LENGTH_BYTES), "big")
            assert length <= MESSAGE_BYTES_MAX, f"a message of {length} bytes"
            data = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None
        message: tuple[int, Request | Reply] = pickle.loads(data)  # noqa: S301, see the module's docstring
        return message

    def close(self) -> None:
        """End the channel; the other end sees it."""
        self._writer.close()
