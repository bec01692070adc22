"""What `tidegate check` finds, as the checks of `az iot ops check --svc dataflow` (facts 8.4): declared resources, endpoints
that were tried, and the engine that runs.

Knows the conditions and how a state follows from them. Does not try anything (`probe`), and prints nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TypeVar

from tidegate.diagnostics import Diagnostic
from tidegate.engine.probe_findings import Finding, State
from tidegate.resources.base import Resource
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.dataflow_profile import DataflowProfile
from tidegate.resources.defaults import DEFAULT_NAME
from tidegate.resources.resource_set import ResourceSet
from tidegate.telemetry.status import EngineStatus

__all__ = ["KINDS", "Check", "Checked", "Condition", "checks", "worst"]

GROUP = "connectivity.iotoperations.azure.com"
KINDS = {"dataflow": "Dataflow", "dataflowendpoint": "DataflowEndpoint", "dataflowprofile": "DataflowProfile"}
"""What a check can be limited to, as az spells it, and the kinds that are meant."""

OPERATIONS_MAX = 3

Kind = TypeVar("Kind", bound=Resource)

_HEALTH: dict[str, State] = {"Available": "success", "Degraded": "warning", "Unavailable": "error"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that was looked at."""

    name: str
    state: State
    detail: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One resource, or part of the engine, with its conditions; `settings` are for those who want to see everything."""

    name: str
    conditions: tuple[Condition, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The worst of its conditions."""
        return worst(each.state for each in self.conditions)


@dataclass(frozen=True, slots=True)
class Check:
    """One check with what it looked at; `note` says why that is nothing."""

    name: str
    target: str
    checked: tuple[Checked, ...]
    note: str = ""

    @property
    def state(self) -> State:
        """The worst of what was looked at, skipped where that is nothing."""
        return worst(each.state for each in self.checked)


def worst(states: Iterable[State]) -> State:
    """Return the worst of some states, skipped where there are none."""
    found = set(states)
    order: tuple[State, ...] = ("error", "warning", "success", "skipped")
    return next((each for each in order if each in found), "skipped")


def checks(
    resources: ResourceSet,
    diagnostics: Sequence[Diagnostic],
    probes: Mapping[str, Sequence[Finding]],
    status: EngineStatus | None,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    name_pattern: str = "*",
) -> list[Check]:
    """Return all checks.

    Args:
        diagnostics: what `validate` found in the resources.
        probes: what was found when endpoints were tried, by endpoint; one that was not tried has no entry.
        status: of the engine that runs, None where none does.
        kinds: which of `KINDS` to look at.
        name_pattern: which names to look at, with `*` and `?`.
    """
    looked = _Looked(resources, diagnostics, name_pattern)
    made = [_api(looked), _core(status)]
    if "dataflow" in kinds:
        flows = [looked.checked(each, _dataflow(each, looked, status)) for each in looked.of(resources.dataflows)]
        made.append(looked.check("evalDataflows", "Dataflow", "dataflows", flows))
    if "dataflowendpoint" in kinds:
        found = looked.of(resources.endpoints)
        endpoints = [looked.checked(each, _endpoint(each, probes), _settings(each)) for each in found]
        made.append(looked.check("evalDataflowEndpoints", "DataflowEndpoint", "dataflowendpoints", endpoints))
    if "dataflowprofile" in kinds:
        profiles = [looked.checked(each, _profile(each, looked, status)) for each in looked.of(resources.profiles)]
        made.append(looked.check("evalDataflowProfiles", "DataflowProfile", "dataflowprofiles", profiles))
    return made


class _Looked:
    """The resources that are looked at, and what `validate` says of each."""

    def __init__(self, resources: ResourceSet, diagnostics: Sequence[Diagnostic], name_pattern: str) -> None:
        self.resources = resources
        self._pattern = name_pattern
        self._said: defaultdict[str, list[Diagnostic]] = defaultdict(list)
        for each in diagnostics:
            if each.level != "information":
                self._said[each.resource].append(each)

    def of(self, resources: Mapping[str, Kind]) -> list[Kind]:
        """Return the resources whose names are wanted."""
        return [each for name, each in resources.items() if fnmatchcase(name, self._pattern)]

    def findings(self, resource: str) -> list[Condition]:
        """Return what `validate` says of a resource; the empty name stands for files."""
        return [_condition(each) for each in self._said.get(resource, ())]

    def others(self) -> list[Condition]:
        """Return what `validate` says of files, and of kinds that no other check looks at."""
        ours = tuple(KINDS.values())
        return [
            _condition(each, named=True)
            for resource, said in self._said.items()
            if resource.partition("/")[0] not in ours
            for each in said
        ]

    def checked(
        self, resource: Resource, conditions: Sequence[Condition], settings: Mapping[str, str] | None = None
    ) -> Checked:
        """Return a resource with its own conditions, and those of `validate` that say something else."""
        said = [
            each for each in self.findings(str(resource.key)) if each.detail not in {own.detail for own in conditions}
        ]
        if conditions and conditions[0].state == "skipped":
            said = []
        return Checked(resource.name, (*conditions, *said), settings or {})

    def check(self, name: str, kind: str, plural: str, checked: Sequence[Checked]) -> Check:
        """Return a check with those of its kind that could not be read too."""
        known = {each.name for each in checked}
        unread = [
            Checked(key.name, tuple(self.findings(str(key))))
            for key in sorted(self.resources.unread)
            if key.kind == kind and key.name not in known and fnmatchcase(key.name, self._pattern)
        ]
        note = "" if checked or unread else f"there are no {plural}"
        return Check(name, f"{plural}.{GROUP}", (*checked, *unread), note)

    def reference(self, dataflow: Dataflow, field_name: str, name: str, detail: str) -> Condition:
        """Return the condition of a field that names a resource: what `validate` says of it, else that all is well."""
        for each in self._said.get(str(dataflow.key), ()):
            if each.path.endswith(field_name) and each.code in ("missing-reference", "endpoint-type"):
                return Condition(field_name, "error", each.message, each.hint)
        return Condition(field_name, "success", f"{name}{detail}")


def _condition(diagnostic: Diagnostic, *, named: bool = False) -> Condition:
    place = f"{diagnostic.resource}: " if named and diagnostic.resource else ""
    span = diagnostic.span
    if named and not diagnostic.resource and span is not None:
        place = f"{span.file}:{span.line}:{span.column}: "
    state: State = "error" if diagnostic.level == "error" else "warning"
    return Condition(diagnostic.code, state, place + diagnostic.message, diagnostic.hint)


def _api(looked: _Looked) -> Check:
    resources = looked.resources
    counts = {
        "Dataflow": len(resources.dataflows),
        "DataflowEndpoint": len(resources.endpoints),
        "DataflowProfile": len(resources.profiles),
    }
    conditions = [Condition(kind, "success", f"{count} declared or built in") for kind, count in counts.items()]
    return Check("enumerateDataflowApi", GROUP, (Checked("resources", (*conditions, *looked.others())),))


def _core(status: EngineStatus | None) -> Check:
    if status is None:
        return Check("evalCoreServiceRuntime", "engine", (), "no engine runs on this data directory")
    detail = f"version {status.version}, process {status.process_id}, up for {int(status.uptime_seconds)} s"
    conditions = [Condition("process", "success", detail)]
    conditions += [Condition("problem", "warning", each) for each in status.problems]
    hint = "mend the files; what ran before goes on unchanged"
    conditions += [Condition("last edit", "error", each, hint) for each in status.last_reload.errors]
    return Check("evalCoreServiceRuntime", "engine", (Checked("engine", tuple(conditions)),))


def _dataflow(dataflow: Dataflow, looked: _Looked, status: EngineStatus | None) -> list[Condition]:
    spec = dataflow.spec
    if spec.mode == "Disabled":
        return [Condition("spec.mode", "skipped", "Disabled")]
    source, destination = spec.source[1].endpoint_ref, spec.destination[1].endpoint_ref
    count = len(spec.operations)
    conditions = [
        Condition("spec.mode", "success", spec.mode),
        # The model lets no other number by.
        Condition(f"len(spec.operations)<={OPERATIONS_MAX}", "success", str(count)),
        looked.reference(dataflow, "profileRef", spec.profile_ref, ""),
        looked.reference(dataflow, "sourceSettings.endpointRef", source, _type_of(source, looked)),
        looked.reference(dataflow, "destinationSettings.endpointRef", destination, _type_of(destination, looked)),
    ]
    if status is not None:
        found = next((each for each in status.dataflows if each.name == dataflow.name), None)
        if found is None:
            detail = "the engine that runs does not run it"
            conditions.append(Condition("status", "warning", detail, "see what it was given with `tidegate plan`"))
        else:
            state = _HEALTH.get(found.health, "warning")
            words = f"{found.health}: {found.message}" if found.message else found.health
            conditions.append(Condition("status", state, words))
    return conditions


def _type_of(name: str, looked: _Looked) -> str:
    endpoint = looked.resources.endpoints.get(name)
    return f", {endpoint.spec.endpoint_type}" if endpoint is not None else ""


def _endpoint(endpoint: DataflowEndpoint, probes: Mapping[str, Sequence[Finding]]) -> list[Condition]:
    conditions = [Condition("spec.endpointType", "success", endpoint.spec.endpoint_type)]
    if endpoint.spec.mqtt_settings is None:
        conditions.append(Condition("probe", "skipped", "data flows run between Mqtt endpoints"))
    found = probes.get(endpoint.name, ())
    return conditions + [Condition(each.step, each.state, each.detail, each.hint) for each in found]


def _settings(endpoint: DataflowEndpoint) -> dict[str, str]:
    settings = endpoint.spec.mqtt_settings
    if settings is None:
        return {}
    return {
        "host": settings.host or "the built-in broker",
        "protocol": settings.protocol,
        "tls.mode": settings.tls.mode,
        "tls.trustedCaCertificateConfigMapRef": settings.tls.trusted_ca_certificate_config_map_ref or "the system's",
        "authentication.method": settings.authentication.method,
        "clientIdPrefix": settings.client_id_prefix or "none",
        "keepAliveSeconds": str(settings.keep_alive_seconds),
        "sessionExpirySeconds": str(settings.session_expiry_seconds),
        "maxInflightMessages": str(settings.max_inflight_messages),
        "qos": str(settings.qos),
        "retain": settings.retain,
    }


def _profile(profile: DataflowProfile, looked: _Looked, status: EngineStatus | None) -> list[Condition]:
    count = profile.spec.instance_count
    conditions = [Condition("spec.instanceCount", "success", str(count))]
    if profile.name == DEFAULT_NAME:
        conditions.append(Condition("default", "success", "the profile `default` exists"))
    flows = [each for each in looked.resources.dataflows.values() if each.spec.profile_ref == profile.name]
    conditions.append(Condition("dataflows", "success", f"{len(flows)} refer to it"))
    if status is None:
        return conditions
    for flow in flows:
        running = [each for each in status.flows if each.name == flow.name]
        if flow.spec.mode == "Enabled" and running and len(running) != count:
            detail = f"{len(running)} of {count} instances of {flow.name} run"
            conditions.append(Condition("instances", "warning", detail, "look at the log of the engine"))
    return conditions
