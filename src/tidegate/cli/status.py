"""`tidegate status`: how the engine that runs on a data directory is, flow by flow.

Knows what is printed. Asks over the control socket; knows no flow itself.
"""

import os
from pathlib import Path
from typing import Any, cast

from tidegate.cli.options import data_directory_option
from tidegate.cli.output import Json, Outcome, print_error, table

__all__ = ["EXAMPLES", "arguments", "status"]

EXAMPLES = (
    ("Show every flow and what is wrong with it.", "tidegate status"),
    ("Show the whole status as JSON.", "tidegate status -o json"),
    ("Ask an engine with a data directory of its own.", "tidegate status --data-dir ./data"),
    ("List what does not run well.", "tidegate status --query \"flows[?health!='Available'].name\" -o tsv"),
)

_QUEUES_SHOWN = 3

_HEAD = ("FLOW", "SIDE", "ENDPOINT", "STATE", "HEALTH", "OLDEST", "NEXT RETRY", "REASON")


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    data_directory_option(context)


def status(data_dir: str | None = None) -> Outcome:
    """Return the engine's status; the exit code is 1 when no engine runs."""
    from tidegate.engine.control import EngineNotRunning, ask
    from tidegate.engine.data_directory import default_data_directory

    directory = Path(data_dir) if data_dir is not None else default_data_directory(os.environ)
    try:
        answer = cast(Json, ask(directory, "status"))
    except EngineNotRunning as error:
        print_error(str(error), "start one with `tidegate run PATH...`, or name its data directory with --data-dir")
        return Outcome(None, "", 1)
    return Outcome(answer, _text(answer))


def _text(answer: Any) -> str:  # Any: the JSON of `telemetry.status.EngineStatus`
    rows = [_HEAD]
    for flow in answer["flows"]:
        name = f"{flow['name']}-{flow['ordinal']}"
        oldest = flow["oldest_pending_seconds"]
        for which in ("source", "destination"):
            side = flow[which]
            is_first = which == "source"
            retry = side["next_retry_seconds"]
            rows.append(
                (
                    name if is_first else "",
                    which,
                    side["endpoint"],
                    side["state"],
                    flow["health"] if is_first else "",
                    (f"{oldest:.1f} s" if oldest is not None else "-") if is_first else "",
                    f"{retry:.1f} s" if retry is not None else "-",
                    (flow["reason_code"] or "-") if is_first else "",
                )
            )
    lines = table(rows) if len(rows) > 1 else ["no data flow runs"]
    if answer.get("broker") is not None:
        lines += _broker_lines(answer["broker"])
    lines += [
        f"{flow['name']}-{flow['ordinal']}: {flow['message']}"
        for flow in answer["flows"]
        if flow["health"] != "Available"
    ]
    if not answer["last_reload"]["applied"]:
        lines += [f"the last edit was not applied: {error}" for error in answer["last_reload"]["errors"]]
    return "\n".join([*lines, *answer["problems"], ""])


def _broker_lines(broker: Any) -> list[str]:  # Any: the JSON of `telemetry.status.BrokerStatus`
    """Say where the embedded broker listens, who is there, what waits and what was lost."""
    ports = ", ".join(str(each["port"]) for each in broker["ports"] if each["listening"]) or "no port"
    lines = [
        f"broker on {ports}: {broker['clients_connected']} of {broker['sessions']} sessions connected, "
        f"{broker['queued']} messages wait ({broker['queued_bytes']} bytes), {broker['retained']} retained"
    ]
    for what in ("dropped", "connections_refused"):
        if broker[what]:
            counts = ", ".join(f"{reason} {count}" for reason, count in broker[what].items())
            lines.append(f"broker, {what.replace('_', ' ')}: {counts}")
    lines += [
        f"broker, queue of {each['client_id']!r}: {each['messages']} messages"
        f"{'' if each['connected'] else ', not connected'}"
        for each in broker["queues"][:_QUEUES_SHOWN]
    ]
    return lines
