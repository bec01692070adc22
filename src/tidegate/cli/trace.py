"""`tidegate trace`: the way of one message through a data flow, rule by rule. Nothing is connected or sent.

Knows how a message is given and its way is printed. What is told comes from `transform/trace.py`.
"""

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Unpack
from uuid import uuid4

from tidegate.cli.declared_options import DeclaredOptions, declared_options, declared_settings
from tidegate.cli.output import NotUnderstood, Outcome, printable, render_diagnostics, summary
from tidegate.cli.payload import read_payload, read_user_property

if TYPE_CHECKING:
    from tidegate.engine.load import Loaded
    from tidegate.flow.plan import FlowPlan
    from tidegate.message import Message
    from tidegate.transform.enrich import Snapshots
    from tidegate.transform.trace import Step, Trace

__all__ = ["EXAMPLES", "arguments", "trace"]

EXAMPLES = (
    ("See what becomes of a payload.", """tidegate trace flows/ --flow to-cloud -m '{"temperature": 21}'"""),
    (
        "Take the payload from a file, on a topic.",
        "tidegate trace flows/ --flow to-cloud -t ovens/1 --payload oven.json",
    ),
    ("For a program.", "tidegate trace flows/ --flow to-cloud --payload oven.json -o json"),
)

_WITHOUT_EFFECT = ("data_dir", "secrets_key_file", "no_broker", "hops_max", "token_file", "token_command")
"""Options about what is connected, or goes through several data flows."""

SHOWN_CHARACTERS_MAX = 400
STEPS_SHOWN_MAX = 200


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    declared_options(context, without=_WITHOUT_EFFECT)
    context.argument("flow", options_list=["--flow"], metavar="NAME", help="Data flow. Default: the only one.")
    context.argument(
        "topic", options_list=["--topic", "-t"], help="Topic. Default: one that the data flow's source takes."
    )
    context.argument(
        "payload",
        options_list=["--payload"],
        metavar="FILE",
        help="File whose content is the payload; - is standard input.",
    )
    context.argument("message", options_list=["--message", "-m"], metavar="TEXT", help="Payload.")
    context.argument("content_type", options_list=["--content-type"], help="Content type.")
    context.argument(
        "user_property",
        options_list=["--user-property"],
        action="append",
        metavar="NAME=VALUE",
        help="User property; may be given again.",
    )
    context.argument("qos", options_list=["--qos", "-q"], type=int, choices=[0, 1], help="QoS.")
    context.argument("retain", options_list=["--retain", "-r"], action="store_true", help="With the retain flag.")


def trace(
    flow: str | None = None,
    topic: str | None = None,
    payload: str | None = None,
    message: str | None = None,
    content_type: str | None = None,
    user_property: list[str] | None = None,
    qos: int = 1,
    retain: bool = False,
    **kwargs: Unpack[DeclaredOptions],
) -> Outcome:
    """Return the way of a message; the exit code is 1 when what is declared has errors, 0 whatever becomes of the message."""
    from tidegate.engine.load import load
    from tidegate.message import Message
    from tidegate.moment import Moment
    from tidegate.transform.trace import trace as told_of

    received = Message(
        topic or "",
        _payload(payload, message),
        qos,
        retain,
        content_type=content_type,
        user_properties=tuple(map(read_user_property, user_property or ())),
    )
    loaded = load(kwargs["paths"], declared_settings(kwargs))
    if loaded.plan is None:
        print(render_diagnostics(loaded.diagnostics, loaded.lines, stream=sys.stderr), end="", file=sys.stderr)
        print(summary(loaded.diagnostics), file=sys.stderr)
        return Outcome(None, "", 1)
    plan = _chosen(loaded, flow)
    received = _on_topic(plan, received)
    now = Moment(time.monotonic(), time.time())
    found = told_of(plan.transform, received, now, new_id=lambda: str(uuid4()), snapshots=_records(plan))
    return Outcome({"flow": plan.name, **found.data()}, _text(plan, found))


def _chosen(loaded: "Loaded", name: str | None) -> "FlowPlan":
    from tidegate.resources.findings import closest, enumerate_words

    assert loaded.plan is not None
    flows = {each.name: each for each in loaded.plan.flows}
    if name is None and len(flows) == 1:
        return next(iter(flows.values()))
    if not flows:
        raise NotUnderstood("no data flow is enabled in what is declared")
    if name is None:
        raise NotUnderstood(
            f"there are {len(flows)} data flows", f"choose one with --flow: {enumerate_words(list(flows))}"
        )
    if name in flows:
        return flows[name]
    if name in loaded.plan.disabled:
        raise NotUnderstood(f"the data flow {name} is disabled", "set its `mode: Enabled`")
    meant = closest(name, list(flows))
    hint = f"did you mean `{meant}`?" if meant else f"there are: {enumerate_words(list(flows))}"
    raise NotUnderstood(f"there is no data flow {name}", hint)


def _on_topic(plan: "FlowPlan", received: "Message") -> "Message":
    """Give a message without topic one that the source takes; say where a source does not take the one given."""
    import msgspec

    from tidegate.mqtt.topics import matches, split_share, topic_error

    filters = [split_share(each)[1] for each in plan.topic_filters]
    if not received.topic:
        topic = "/".join("example" if level in ("+", "#") else level for level in filters[0].split("/"))
        print(f"topic: {topic}", file=sys.stderr)
        return msgspec.structs.replace(received, topic=topic)
    if error := topic_error(received.topic):
        raise NotUnderstood(f"--topic cannot be one: {error}")
    if not any(matches(each, received.topic) for each in filters):
        print(
            f"note: the source of {plan.name} does not take the topic `{received.topic}`; it takes {', '.join(filters)}",
            file=sys.stderr,
        )
    return received


def _records(plan: "FlowPlan") -> "Snapshots":
    """Return the records of a data flow's data sets, which only files give without a broker."""
    from tidegate.engine.dataset_files import read_datasets
    from tidegate.transform.records import RecordsError

    if plan.datasets is None:
        return {}
    if plan.datasets.folder is None:
        names = ", ".join(plan.datasets.keys)
        hint = "write their records to DIR/<key>.jsonl and add --datasets-dir DIR"
        raise NotUnderstood(f"{plan.name} has data sets ({names}), and nothing is connected that would have them", hint)
    try:
        return read_datasets(plan.datasets.folder, plan.datasets.keys)
    except RecordsError as error:
        raise NotUnderstood(str(error), "write one object of JSON a line") from None


def _payload(path: str | None, text: str | None) -> bytes:
    if path is not None and text is not None:
        raise NotUnderstood("more than one payload", "give one of --payload and --message")
    hint = "give one with --payload FILE or -m TEXT"
    if path is None and text is None:
        raise NotUnderstood("there is no payload", hint)
    is_asked_for = path == "-"
    return read_payload(text, None if is_asked_for else path, is_asked_for=is_asked_for, hint=hint)


def _text(plan: "FlowPlan", found: "Trace") -> str:
    from tidegate.message import Message
    from tidegate.transform.spec import Filtered

    lines = [f"{plan.name}: a message on {found.received.topic}", f"  {_shown_payload(found.received)}"]
    lines += [line for step in found.steps[:STEPS_SHOWN_MAX] for line in _step_lines(step)]
    if len(found.steps) > STEPS_SHOWN_MAX:
        lines.append(f"... {len(found.steps) - STEPS_SHOWN_MAX} more steps; `-o json` has them all")
    outcome = found.outcome
    if isinstance(outcome, Message):
        lines.append(f"published on {outcome.topic}, QoS {plan.destination.qos}")
        if outcome.content_type:
            lines.append(f"  content type: {outcome.content_type}")
        lines += [f"  {name}: {value}" for name, value in outcome.user_properties]
        lines.append(f"  {_shown_payload(outcome)}")
    elif isinstance(outcome, Filtered):
        lines.append(f"filtered: filter {outcome.rule + 1} ends it; it is acknowledged and counted as filtered")
    else:
        lines.append(f"dropped ({outcome.reason}): {outcome.detail}")
        lines.append("  it is acknowledged and counted as dropped")
    return "\n".join(lines) + "\n"


def _step_lines(step: "Step") -> list[str]:
    about = f" ({step.description})" if step.description else ""
    head = f"{step.stage} {step.number}{about}: {step.effect}"
    told = "" if step.detail == step.effect else step.detail
    if step.effect in ("written", "found") and step.target is not None:
        head += f" {step.target} = {_shown(step.value)}"
    elif step.target is not None and step.effect != "error":
        head += f" {step.target}"
    elif not step.is_missing:
        told = f"{_shown(step.value)}; {told}"
    joint = ": " if step.target is None or step.effect == "error" else "; "
    lines = [f"{head}{joint}{told}" if told else head]
    if step.expression is not None:
        lines.append(f"  {step.expression}")
    for number, each in enumerate(step.inputs, 1):
        name = f"${number} = {each.path}" if step.expression is not None else each.path
        lines.append(f"  {name}: {'()  missing' if each.is_missing else _shown(each.value)}")
    if step.more:
        lines.append(f"  ... and {step.more} more fields")
    return lines


def _shown(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _shown_payload(message: "Message") -> str:
    try:
        return _cut(message.payload.decode())
    except UnicodeDecodeError:
        return f"{len(message.payload)} bytes that are no text"


def _cut(text: str) -> str:
    shown = printable(text)
    return (
        shown if len(shown) <= SHOWN_CHARACTERS_MAX else f"{shown[:SHOWN_CHARACTERS_MAX]}... ({len(text)} characters)"
    )
