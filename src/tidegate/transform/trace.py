"""Why one message came out as it did: each rule, what it read, its value, and what followed from it.

Knows how to tell it, as plain values that `json` can write. Every value comes from the closures that run in a data flow, and
the message at the end from `compiler`; nothing is computed in a second way.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.transform.cloud_events import attribute_maker
from tidegate.transform.compiler import Outcome, compile_transform
from tidegate.transform.enrich import Snapshots, compile_datasets, own_names
from tidegate.transform.headers import Properties, apply_headers
from tidegate.transform.map_rule import MapRule, compile_rules
from tidegate.transform.output import to_json
from tidegate.transform.paths import MISSING, Path, Reference, Root
from tidegate.transform.rule import compile_expression, compile_readers, evaluate_over, references_of
from tidegate.transform.spec import DatasetSpec, Dropped, Filtered, FilterSpec, MapSpec, TransformSpec
from tidegate.transform.values import EvaluationError, Value
from tidegate.transform.view import View
from tidegate.transform.wildcards import Application, applications, read_inputs, value_of

__all__ = ["STEPS_MAX", "Input", "Stage", "Step", "Trace", "message_data", "trace"]

STEPS_MAX = 1_000
"""How many steps of one rule with a wildcard are told; `more` counts the rest."""

Stage = Literal["payload", "schema", "data set", "filter", "map", "topic", "cloud events", "header"]

Effect = Literal["passes", "drops", "written", "removed", "nothing", "gives way", "found", "error"]


@dataclass(frozen=True, slots=True)
class Input:
    """What one input led to. `value` is JSON; `is_missing` where nothing was there."""

    path: str
    value: Any  # Any: what JSON holds
    is_missing: bool = False

    def data(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"path": self.path} | ({"missing": True} if self.is_missing else {"value": self.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rule applied once. `number` counts the rules of its stage from 1.

    `value` is what the expression, or the only input, gave; `is_missing` where that is nothing. `target` is where it was
    written, or which fields were removed. `detail` is a sentence about `effect`. `more` is how many steps alike are left out.
    """

    stage: Stage
    number: int
    effect: Effect
    detail: str
    description: str | None = None
    inputs: tuple[Input, ...] = ()
    expression: str | None = None
    value: Any = None  # Any: what JSON holds
    is_missing: bool = True
    target: str | None = None
    more: int = 0

    def data(self) -> dict[str, Any]:
        """Return it as JSON values; what there is nothing of is left out."""
        said: dict[str, Any] = {"stage": self.stage, "rule": self.number}
        optional = {
            "description": self.description,
            "inputs": [each.data() for each in self.inputs] or None,
            "expression": self.expression,
            "target": self.target,
            "more": self.more or None,
        }
        said |= {name: each for name, each in optional.items() if each is not None}
        if not self.is_missing:
            said["value"] = self.value
        return said | {"effect": self.effect, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of one message. `outcome` is what a data flow makes of it."""

    received: Message
    steps: tuple[Step, ...]
    outcome: Outcome

    def data(self) -> dict[str, Any]:
        """Return it as JSON values: `received`, `steps`, and `published`, `filtered` or `dropped`."""
        told: dict[str, Any] = {
            "received": message_data(self.received),
            "steps": [each.data() for each in self.steps],
        }
        if isinstance(self.outcome, Message):
            return told | {"published": message_data(self.outcome)}
        if isinstance(self.outcome, Filtered):
            return told | {"filtered": {"rule": self.outcome.rule + 1}}
        return told | {"dropped": {"reason": self.outcome.reason, "detail": self.outcome.detail}}


def message_data(message: Message) -> dict[str, Any]:
    """Return a message as JSON values: its payload as what it is (`payload`), as text, or as `payloadBase64`."""
    told: dict[str, Any] = {"topic": message.topic}
    try:
        told["payload"] = msgspec.json.decode(message.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            told["payloadText"] = message.payload.decode()
        except UnicodeDecodeError:
            told["payloadBase64"] = b64encode(message.payload).decode()
    told |= {"qos": message.qos, "retain": message.retain}
    if message.content_type:
        told["contentType"] = message.content_type
    if message.user_properties:
        told["userProperties"] = [list(each) for each in message.user_properties]
    return told


def trace(
    spec: TransformSpec, message: Message, now: Moment, *, new_id: Callable[[], str], snapshots: Snapshots | None = None
) -> Trace:
    """Tell the way of a message through a transformation.

    Args:
        new_id: makes the id of a CloudEvent; asked once.
        snapshots: the records of data sets by key.

    Raises:
        DeclarationError: something declared does not parse (`validate` has said so before).
    """
    identifier = new_id()
    outcome = compile_transform(spec, new_id=lambda: identifier, snapshots=snapshots)(message, now)
    if isinstance(outcome, Dropped) and outcome.reason in ("schema", "invalid"):
        return Trace(message, (Step(stage="schema", number=1, effect="error", detail=outcome.detail),), outcome)
    tracer = _Tracer(spec, snapshots or {})
    steps: list[Step] = []
    if spec.payload_schema is not None:
        detail = f"the payload is as {spec.source_schema} says"
        steps.append(Step(stage="schema", number=1, effect="passes", detail=detail))
    try:
        for step in tracer.steps(message):
            steps.append(step)
            if step.effect in ("drops", "error"):
                break
    except EvaluationError as error:
        steps.append(Step(stage="payload", number=1, effect="error", detail=error.detail))
    except RecursionError:
        steps.append(Step(stage="payload", number=1, effect="error", detail="the payload nests too deeply"))
    if isinstance(outcome, Message):
        steps += _metadata_steps(spec, message, snapshots or {}, now, identifier)
    elif isinstance(outcome, Dropped) and not any(each.effect == "error" for each in steps):
        steps.append(Step(stage="topic", number=1, effect="error", detail=outcome.detail))
    return Trace(message, tuple(steps), outcome)


class _Tracer:
    """Goes through data sets, filters and map rules as `compiler` does."""

    def __init__(self, spec: TransformSpec, snapshots: Snapshots) -> None:
        self._spec = spec
        self._snapshots = snapshots

    def steps(self, message: Message) -> Iterator[Step]:
        view = View(message)
        datasets = self._spec.datasets
        names = [(each.key, each.name) for each in datasets]
        for number, enrich in enumerate(compile_datasets(datasets, self._snapshots)):
            yield self._dataset(number + 1, datasets[number], own_names(names, number), enrich, view)
        for number, condition in enumerate(self._spec.filters, 1):
            yield self._filter(number, condition, view)
        if self._spec.maps:
            yield from self._map(view)

    def _dataset(
        self, number: int, dataset: DatasetSpec, own: tuple[str, ...], enrich: Callable[[View], None], view: View
    ) -> Step:
        outer = tuple(
            each
            for each in references_of(dataset.inputs)
            if each.path.root is not Root.CONTEXT or each.path.key not in (None, *own)
        )
        told: dict[str, Any] = {"stage": "data set", "number": number, "expression": dataset.expression}
        told["target"] = f"$context({dataset.name})"
        try:
            told["inputs"] = _inputs(outer, view, last_per_topic=False)
            enrich(view)
        except EvaluationError as error:
            return Step(**told, effect="error", detail=error.detail)
        record = view.records[dataset.name]
        if record is None:
            return Step(**told, effect="nothing", detail=f"no record of `{dataset.key}` applies")
        detail = f"the first record of `{dataset.key}` that applies"
        return Step(**told, effect="found", detail=detail, value=dict(record), is_missing=False)

    def _filter(self, number: int, condition: FilterSpec, view: View) -> Step:
        last = self._spec.last_per_topic
        references = references_of(condition.inputs)
        told: dict[str, Any] = {"stage": "filter", "number": number, "description": condition.description}
        told["expression"] = condition.expression
        try:
            told["inputs"] = _inputs(references, view, last_per_topic=last)
            evaluate = compile_expression(condition.expression, len(references))
            readers = compile_readers(references, last_per_topic=last)
            verdict = evaluate_over(readers, evaluate, needs_all=True)(view)
        except EvaluationError as error:
            return Step(**told, effect="error", detail=error.detail)
        if not isinstance(verdict, bool):
            detail = "a condition is true or false, and this is neither"
            return Step(**told, effect="error", detail=detail, **_value(verdict))
        drops = verdict is (self._spec.filter_true == "drop")
        rule = "a filter that is true drops" if self._spec.filter_true == "drop" else "a filter that is false drops"
        goes_on = "" if drops else ", so the message goes on"
        detail = f"{rule}{goes_on}"
        return Step(**told, effect="drops" if drops else "passes", detail=detail, value=verdict, is_missing=False)

    def _map(self, view: View) -> Iterator[Step]:
        spec = self._spec
        rules = compile_rules(spec.maps, last_per_topic=spec.last_per_topic)
        found = applications(rules, view, moves_copies=spec.moves_copies)
        by_rule: dict[MapRule, list[Application]] = {rule: [] for rule in rules}
        for application in found:
            by_rule[application.rule].append(application)
        for number, (rule, declared) in enumerate(zip(rules, spec.maps, strict=True), 1):
            of_rule = by_rule[rule]
            if not of_rule:
                detail = "no field of the message is one that the wildcard stands for"
                yield _map_step(number, declared, effect="nothing", detail=detail)
            told = [self._application(number, declared, each, view) for each in of_rule[:STEPS_MAX]]
            if len(of_rule) > STEPS_MAX:
                told[-1] = replace(told[-1], more=len(of_rule) - STEPS_MAX)
            yield from told

    def _application(self, number: int, declared: MapSpec, application: Application, view: View) -> Step:
        rule = application.rule
        told: dict[str, Any] = {}
        try:
            if application.captured:
                read = read_inputs(application, view)
                fields = [".".join(way) or root for root, way in application.fields]
                told["inputs"] = tuple(map(_input, fields, read))
            else:
                told["inputs"] = _inputs(rule.references, view, last_per_topic=self._spec.last_per_topic)
            if rule.output is None:
                ways = ", ".join(each.path for each in told["inputs"])
                return _map_step(
                    number, declared, effect="removed", detail="taken away from the output", target=ways, **told
                )
            told["target"] = _target(application.output)
            if application.instead is not None or application.is_suppressed:
                return _map_step(number, declared, **told, **_yielding(application))
            value = value_of(application, view)
        except EvaluationError as error:
            return _map_step(number, declared, effect="error", detail=error.detail, **told)
        if value is MISSING:
            detail = "there is no value, so nothing is written"
            return _map_step(number, declared, effect="nothing", detail=detail, **told)
        detail = "written in the place of a wildcard rule before it" if application.is_special else "written"
        return _map_step(number, declared, effect="written", detail=detail, value=value, is_missing=False, **told)


def _yielding(application: Application) -> dict[str, Any]:
    if application.instead is not None:
        return {"effect": "gives way", "detail": f"{application.instead.rule.name} is more specific, and writes here"}
    return {"effect": "gives way", "detail": "a later rule that is more specific takes this field"}


def _metadata_steps(
    spec: TransformSpec, message: Message, snapshots: Snapshots, now: Moment, identifier: str
) -> Iterator[Step]:
    """Tell what becomes of topic and properties after the rules, which the message has passed."""
    mapped = compile_transform(
        replace(spec, cloud_events=None, headers=()), new_id=lambda: identifier, snapshots=snapshots
    )(message, now)
    assert isinstance(mapped, Message)
    yield Step(
        stage="topic",
        number=1,
        effect="written",
        detail="the topic at the destination",
        inputs=(Input("$metadata.topic", message.topic),),
        expression=spec.topic_template,
        value=mapped.topic,
        is_missing=False,
    )
    properties = mapped.user_properties
    attributes = attribute_maker(spec, lambda: identifier)
    if attributes is not None:
        after, _ = attributes(properties, mapped.content_type, mapped.topic, now.wall)
        yield _changed("cloud events", 1, f"cloudEventAttributes is {spec.cloud_events}", properties, after)
        properties = after
    for number, header in enumerate(spec.headers, 1):
        after = apply_headers((header,), properties)
        target = f"$metadata.user_property.{header.key}"
        yield _changed("header", number, header.action, properties, after, target)
        properties = after


def _changed(
    stage: Stage, number: int, detail: str, before: Properties, after: Properties, target: str | None = None
) -> Step:
    added = [list(each) for each in after if each not in before]
    effect: Effect = "nothing" if before == after else "written" if added else "removed"
    return Step(
        stage=stage,
        number=number,
        effect=effect,
        detail=detail,
        target=target,
        value=added,
        is_missing=not added,
    )


def _map_step(number: int, declared: MapSpec, **told: Any) -> Step:
    return Step(stage="map", number=number, description=declared.description, expression=declared.expression, **told)


def _inputs(references: Sequence[Reference], view: View, *, last_per_topic: bool) -> tuple[Input, ...]:
    readers = compile_readers(tuple(references), last_per_topic=last_per_topic)
    return tuple(_input(each.path.text, read(view)) for each, read in zip(references, readers, strict=True))


def _input(path: str, found: Any) -> Input:
    return Input(path, None, is_missing=True) if found is MISSING else Input(path, found)


def _value(value: Value) -> dict[str, Any]:
    made = to_json(value)
    return {} if made is MISSING else {"value": made, "is_missing": False}


def _target(output: Path | None) -> str | None:
    if output is None:
        return None
    return output.text if output.is_metadata else ".".join(output.segments)
