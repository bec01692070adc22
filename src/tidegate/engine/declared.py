"""What the engine takes from the declared files: what should run, the broker, with which secrets, logs and metrics ports.

Knows how loaded resources become that. Does not know how it is carried out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidegate.broker.plan import BrokerPlan
from tidegate.diagnostics import Diagnostic
from tidegate.engine.supervisor import Wanted
from tidegate.engine.worker_channel import SecretValues

if TYPE_CHECKING:  # a worker loads nothing, and is spared the resource models
    from tidegate.engine.load import Loaded

__all__ = ["Declared", "Rejected", "declared_by"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What validated. `notes` are warnings as sentences; `prometheus_ports` are by profile."""

    wanted: Wanted = field(default_factory=Wanted)
    broker: BrokerPlan | None = None
    secret_values: SecretValues = field(default_factory=SecretValues)
    prometheus_ports: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """What does not validate; `errors` are sentences with their places."""

    errors: tuple[str, ...]


def declared_by(loaded: "Loaded") -> Declared | Rejected:
    """Turn what was loaded into what the engine runs."""
    plan = loaded.plan
    if plan is None:
        return Rejected(_sentences(loaded, "error"))
    resources = loaded.resources
    return Declared(
        wanted=Wanted(
            flows=plan.flows,
            disabled=plan.disabled,
            worker_profiles=frozenset(profile.name for profile in plan.profiles if profile.instance_count > 1),
            log_levels={profile.name: profile.log_level for profile in plan.profiles},
        ),
        broker=plan.broker,
        secret_values=SecretValues(
            secrets={name: secret.content for name, secret in resources.secrets.items()},
            config_maps={name: config_map.content for name, config_map in resources.config_maps.items()},
        ),
        prometheus_ports={profile.name: profile.prometheus_port for profile in plan.profiles},
        notes=_sentences(loaded, "warning"),
    )


def _sentences(loaded: "Loaded", level: str) -> tuple[str, ...]:
    return tuple(_sentence(diagnostic) for diagnostic in loaded.diagnostics if diagnostic.level == level)


def _sentence(diagnostic: Diagnostic) -> str:
    """Put a finding into one line: place, resource, field, what is wrong."""
    span = diagnostic.span
    place = f"{span.file}:{span.line}:{span.column}: " if span is not None else ""
    subject = " ".join(filter(None, (diagnostic.resource, diagnostic.path)))
    return f"{place}{subject}: {diagnostic.message}" if subject else f"{place}{diagnostic.message}"
