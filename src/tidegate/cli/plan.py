"""`tidegate plan`: what would happen to what runs, if these were the declared resources. Nothing is changed.

Knows the options, exit codes and what is printed. What happens is told by `engine/plan_effects.py`.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from tidegate.cli.declared_options import (
    DeclaredOptions,
    declared_options,
    from_store_option,
    load_declared,
    show_findings,
)
from tidegate.cli.output import Json, Outcome, printable

if TYPE_CHECKING:
    from tidegate.engine.load import Loaded
    from tidegate.engine.plan_document import RunningPlans
    from tidegate.engine.plan_effects import Effect, Effects
    from tidegate.engine.probe_findings import Finding
    from tidegate.resources.differences import Absent
    from tidegate.settings import Settings

__all__ = ["EXAMPLES", "arguments", "plan"]

EXAMPLES = (
    ("See what an edit would do to the engine that runs.", "tidegate plan flows/"),
    ("See it for what the store holds.", "tidegate plan --from-store"),
    ("Fail in a pipeline where anything would change.", "tidegate plan flows/ --exit-code"),
    ("Try the brokers of the plan too.", "tidegate plan flows/ --probe"),
)

_SIGNS = {"start": "+", "stop": "-", "disable": "-", "renew": "!", "reconnect": "~"}
_WORDS = {
    "start": "starts",
    "stop": "ends",
    "disable": "is switched off",
    "renew": "gets a new session",
    "reconnect": "reconnects",
}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    declared_options(context, needs_paths=False)
    flag = {"action": "store_true"}
    from_store_option(context)
    context.argument(
        "probe", options_list=["--probe"], help="Try the endpoints of the plan, as `tidegate check` does.", **flag
    )
    context.argument(
        "exit_code",
        options_list=["--exit-code"],
        help="Exit with 1 when something would change, and with 2 when it cannot run.",
        **flag,
    )


def plan(
    from_store: bool = False, probe: bool = False, exit_code: bool = False, **kwargs: Unpack[DeclaredOptions]
) -> Outcome:
    """Return what would happen; the exit code is 1 when what is declared has errors, or what `--exit-code` says."""
    from tidegate.engine.declared import Rejected, declared_by
    from tidegate.engine.plan_document import running_plans
    from tidegate.engine.plan_effects import plan_effects

    loaded, settings = load_declared(kwargs, kwargs["paths"], from_store=from_store, follows_engine=True)
    show_findings(loaded, errors_only=False)
    declared = declared_by(loaded)
    if isinstance(declared, Rejected):
        print("this cannot run; what runs would go on unchanged", file=sys.stderr)
        return Outcome(None, "", 2 if exit_code else 1)
    running = _running(Path(settings.data_dir))
    effects = plan_effects(running, running_plans(declared.wanted, declared.broker))
    found = _probe(loaded, settings) if probe else {}
    is_faulty = any(each.state == "error" for findings in found.values() for each in findings)
    code = 2 if is_faulty else 1 if not effects.changes_nothing else 0
    return Outcome(
        _data(effects, found, is_running=running is not None),
        _text(effects, found, is_running=running is not None),
        code if exit_code else int(is_faulty),
    )


def _running(directory: Path) -> "RunningPlans | None":
    """Return what the engine runs, None where none does."""
    from tidegate.engine.control import EngineNotRunning, ask

    try:
        return cast("RunningPlans", ask(directory, "plans"))
    except EngineNotRunning:
        return None


def _probe(loaded: "Loaded", settings: "Settings") -> "dict[str, list[Finding]]":
    from tidegate.engine.endpoint_probes import probe_endpoints
    from tidegate.engine.probe import Wanted

    assert loaded.plan is not None
    used = {side.endpoint.name for flow in loaded.plan.flows for side in (flow.source, flow.destination)}
    return probe_endpoints(loaded, settings, Wanted(client_id=f"plan-{os.getpid()}", publishing="never"), used)


def _text(effects: "Effects", found: "dict[str, list[Finding]]", *, is_running: bool) -> str:
    lines = [] if is_running else ["no engine runs on this data directory: this is all from nothing"]
    for effect in effects.flows:
        if effect.action != "keep":
            lines += _effect_lines(effect)
    lines += [f"~ {printable(each)}" for each in effects.broker]
    for name, findings in found.items():
        bad = [each for each in findings if each.state in ("warning", "error")]
        lines.append(f"{name}: {'tried, and well' if not bad else 'tried'}")
        for each in bad:
            lines.append(f"    {each.state}: {each.step}: {printable(each.detail)}")
            lines += [f"      hint: {printable(each.hint)}"] if each.hint else []
    lines.append(effects.summary)
    return "".join(f"{line}\n" for line in lines)


def _effect_lines(effect: "Effect") -> list[str]:
    instances = f" ({effect.instances} instances)" if effect.instances > 1 else ""
    lines = [f"{_SIGNS[effect.action]} {effect.name} {_WORDS[effect.action]}{instances}"]
    lines += [f"    {printable(each)}" for each in effect.words]
    for change in effect.changes:
        lines.append(f"    {_path(change.path)}: {_shown(change.before)} -> {_shown(change.after)}")
    return lines


def _path(path: "tuple[str | int, ...]") -> str:
    from tidegate.resources.source_map import path_text

    return path_text(path)


def _shown(value: "Json | Absent") -> str:
    import json

    from tidegate.resources.differences import Absent

    return "nothing" if isinstance(value, Absent) else printable(json.dumps(value, ensure_ascii=False))


def _data(effects: "Effects", found: "dict[str, list[Finding]]", *, is_running: bool) -> Json:
    from tidegate.resources.differences import Absent

    def plain(value: "Json | Absent") -> Json:
        return None if isinstance(value, Absent) else value

    return {
        "engineRuns": is_running,
        "summary": effects.summary,
        "flows": [
            {
                "name": each.name,
                "action": each.action,
                "instances": each.instances,
                "effects": list(each.words),
                "changes": [
                    {"path": _path(change.path), "before": plain(change.before), "after": plain(change.after)}
                    for change in each.changes
                ],
            }
            for each in effects.flows
        ],
        "broker": list(effects.broker),
        "endpoints": {
            name: [
                {"step": each.step, "status": each.state, "detail": each.detail, "hint": each.hint} for each in findings
            ]
            for name, findings in found.items()
        },
    }
