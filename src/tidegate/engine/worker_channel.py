"""What an engine and a worker say to each other over a channel.

Knows the messages. Does not know how they travel (`channel`), processes or flows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from tidegate.engine.diff import Assignment
from tidegate.settings import TokenSettings

__all__ = [
    "Apply",
    "CheckAccounting",
    "Reply",
    "Request",
    "SecretValues",
    "StatusWanted",
    "StopFlows",
    "UseSecrets",
    "WorkerSetup",
]


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
