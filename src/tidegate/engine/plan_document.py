"""Plans as JSON, so that what runs in one process can be compared with what another would run.

Knows frozen values of plain types. A plan holds no secret, and neither does its document.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import PurePath

from tidegate.broker.plan import BrokerPlan
from tidegate.engine.supervisor import Wanted
from tidegate.resources.source_map import Json

__all__ = ["PROCESS_FIELDS", "RunningPlans", "plan_document", "running_plans"]

PROCESS_FIELDS = ("stall_seconds", "stall_seconds_max", "qos0_pending_bytes_max", "packet_bytes_max", "on_rejected")
"""Fields of a flow's plan that options of the engine's process decide, and no resource."""

RunningPlans = dict[str, Json]
"""`flows` in order, the names of those that are `disabled`, the `workers` profiles, and the `broker` or null."""


def running_plans(wanted: Wanted, broker: BrokerPlan | None) -> RunningPlans:
    """Return what an engine runs, or would run."""
    return {
        "flows": [_flow(plan_document(plan)) for plan in wanted.flows],
        "disabled": sorted(wanted.disabled),
        "workers": sorted(wanted.worker_profiles),
        "broker": plan_document(broker),
    }


def plan_document(value: object) -> Json:
    """Return a plan, or part of one, as JSON; a value of one class among several says which under `is`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: plan_document(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"is": type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {str(key): plan_document(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [plan_document(each) for each in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    assert isinstance(value, PurePath), f"a plan has no {type(value).__name__}"
    return str(value)


def _flow(document: Json) -> Json:
    assert isinstance(document, dict)
    kept = {name: value for name, value in document.items() if name not in PROCESS_FIELDS}
    # The limit is an option of the process too; whether hops are counted follows from the resources.
    kept["counts_hops"] = kept.pop("hops_max") is not None
    return kept
