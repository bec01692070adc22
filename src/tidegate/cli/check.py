"""`tidegate check`: what is declared, what runs, and every endpoint tried, each as a line with advice.

Knows the options and what is printed at which level of detail. What is found comes from `engine/checks.py`.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.declared_options import DeclaredOptions, declared_options, from_store_option, load_declared
from tidegate.cli.output import Json, Outcome, printable

if TYPE_CHECKING:
    from tidegate.engine.checks import Check, Checked, Condition
    from tidegate.engine.probe import Publishing
    from tidegate.telemetry.status import EngineStatus

__all__ = ["EXAMPLES", "arguments", "check"]

EXAMPLES = (
    ("Check a folder of manifests and try its endpoints.", "tidegate check flows/"),
    ("Check what the engine that runs was given.", "tidegate check"),
    ("See every condition, and all settings of endpoints.", "tidegate check flows/ --detail-level 2"),
    ("Check two endpoints, for a program.", "tidegate check flows/ --resource-name 'cloud*' -o json"),
    ("Try to publish too where a broker would deliver it.", "tidegate check flows/ --publish always"),
)

_MARKS = {"success": ("✔", "ok"), "warning": ("!", "warning"), "error": ("✘", "error"), "skipped": ("-", "skipped")}
_COLOURS = {"success": "32", "warning": "33", "error": "31", "skipped": "2"}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    declared_options(context, needs_paths=False)
    from_store_option(context)
    context.argument(
        "detail_level",
        options_list=["--detail-level"],
        choices=["0", "1", "2"],
        help="0 shows what is not well, 1 every condition, 2 the settings of endpoints too.",
    )
    context.argument(
        "resources",
        options_list=["--resources"],
        nargs="+",
        choices=["dataflow", "dataflowendpoint", "dataflowprofile"],
        help="Kinds to look at. Default: all.",
    )
    context.argument(
        "resource_name", options_list=["--resource-name"], metavar="NAME", help="Names to look at, with * and ?."
    )
    context.argument(
        "publish",
        options_list=["--publish"],
        choices=["never", "unreleased", "always"],
        help="How to see what may be published: unreleased sends an empty message with QoS 2 and never releases it, which "
        "most brokers deliver to nobody; always does it where they would.",
    )
    context.argument(
        "timeout",
        options_list=["--timeout"],
        type=_seconds,
        metavar="SECONDS",
        help="How long a step of a try may take.",
    )


def check(
    detail_level: str = "0",
    resources: list[str] | None = None,
    resource_name: str = "*",
    publish: "Publishing" = "unreleased",
    timeout: float = 10.0,
    from_store: bool = False,
    **kwargs: Unpack[DeclaredOptions],
) -> Outcome:
    """Return all checks; the exit code is 1 when any of them found an error."""
    from fnmatch import fnmatchcase

    from tidegate.engine.checks import KINDS, checks, worst
    from tidegate.engine.endpoint_probes import probe_endpoints
    from tidegate.engine.probe import Wanted

    paths = kwargs["paths"]
    loaded, settings = load_declared(kwargs, paths, from_store=from_store, follows_engine=not paths and not from_store)
    kinds = resources or list(KINDS)
    names = {name for name in loaded.resources.endpoints if fnmatchcase(name, resource_name)}
    wanted = Wanted(
        client_id=f"check-{os.getpid()}",
        publishing=publish,
        step_seconds=timeout,
        warning_days=settings.credential_warning_days,
    )
    probes = probe_endpoints(loaded, settings, wanted, names) if "dataflowendpoint" in kinds else {}
    status = _status(Path(settings.data_dir))
    found = checks(loaded.resources, loaded.diagnostics, probes, status, kinds=kinds, name_pattern=resource_name)
    state = worst(each.state for each in found)
    return Outcome([_data(each) for each in found], _text(found, int(detail_level)), 1 if state == "error" else 0)


def _status(directory: Path) -> "EngineStatus | None":
    import msgspec

    from tidegate.engine.control import EngineNotRunning, ask
    from tidegate.telemetry.status import EngineStatus

    try:
        return msgspec.convert(ask(directory, "status"), EngineStatus)
    except EngineNotRunning:
        return None


def _text(found: "list[Check]", level: int) -> str:
    lines: list[str] = []
    for each in found:
        note = f": {each.note}" if each.note else ""
        lines.append(f"{_mark(each.state)} {each.name}  {each.target}{note}")
        for checked in each.checked:
            if level or checked.state in ("warning", "error"):
                lines += _checked_lines(checked, level)
    return "".join(f"{line}\n" for line in lines)


def _checked_lines(checked: "Checked", level: int) -> list[str]:
    lines = [f"  {_mark(checked.state)} {printable(checked.name)}"]
    for condition in checked.conditions:
        if level or condition.state in ("warning", "error"):
            lines += _condition_lines(condition)
    if level > 1:
        lines += [f"            {name}: {printable(value)}" for name, value in checked.settings.items()]
    return lines


def _condition_lines(condition: "Condition") -> list[str]:
    detail = f": {printable(condition.detail)}" if condition.detail else ""
    lines = [f"    {_mark(condition.state)} {condition.name}{detail}"]
    if condition.hint is not None and condition.state != "success":
        lines.append(f"                hint: {printable(condition.hint)}")
    return lines


def _mark(state: str) -> str:
    """Return a tick and a word, so that nothing hangs on a colour or on a sign that a terminal lacks."""
    sign, word = _MARKS[state]
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    shown = f"{sign} " if encoding.lower().replace("-", "") == "utf8" else ""
    padded = f"{shown}{word}".ljust(len(shown) + len("warning"))
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return f"\x1b[{_COLOURS[state]}m{padded}\x1b[0m"
    return padded


def _data(found: "Check") -> Json:
    return {
        "name": found.name,
        "target": found.target,
        "status": found.state,
        "note": found.note or None,
        "resources": [
            {
                "name": each.name,
                "status": each.state,
                "conditions": [
                    {"name": one.name, "status": one.state, "detail": one.detail, "hint": one.hint}
                    for one in each.conditions
                ],
                "settings": dict(each.settings),
            }
            for each in found.checked
        ],
    }


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 300:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and up to 300")
    return seconds
