"""What to start, stop, replace and keep, from what runs and what should. Booting is a diff from nothing.

Knows which change ends an MQTT session and which keeps it. Does not know how anything is started or stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tidegate.flow.plan import FlowPlan

__all__ = ["Assignment", "Diff", "FlowKey", "Stop", "diff", "flow_key"]


class FlowKey(NamedTuple):
    """What makes a running flow the same one after an edit: its name, its instance, and its session at the source."""

    name: str
    ordinal: int
    client_id: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """The flows that one process should run.

    `released` names flows that it should run no longer but whose session lives on: they are disabled, or move to another
    process. Every other flow that is missing was deleted, so its session ends.
    """

    flows: tuple[FlowPlan, ...] = ()
    released: frozenset[FlowKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Stop:
    """A flow to stop. `successor` has a new client id and must hold its subscriptions before this session ends."""

    plan: FlowPlan
    end_session: bool
    successor: FlowKey | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """The difference. `replace` pairs the running plan with the new one; the session goes on."""

    start: tuple[FlowPlan, ...]
    stop: tuple[Stop, ...]
    replace: tuple[tuple[FlowPlan, FlowPlan], ...]
    keep: tuple[FlowPlan, ...]


def flow_key(plan: FlowPlan) -> FlowKey:
    """Return what identifies a running flow over edits."""
    return FlowKey(plan.name, plan.ordinal, plan.source.client_id)


def diff(running: Iterable[FlowPlan], wanted: Assignment) -> Diff:
    """Compare what runs with what should run."""
    old = {flow_key(plan): plan for plan in running}
    new = {flow_key(plan): plan for plan in wanted.flows}
    started = {(key.name, key.ordinal): key for key in new if key not in old}
    shared = [key for key in new if key in old]
    return Diff(
        start=tuple(plan for key, plan in new.items() if key not in old),
        stop=tuple(
            Stop(plan, key not in wanted.released, started.get((key.name, key.ordinal)))
            for key, plan in old.items()
            if key not in new
        ),
        replace=tuple((old[key], new[key]) for key in shared if old[key] != new[key]),
        keep=tuple(new[key] for key in shared if old[key] == new[key]),
    )
