"""From a data flow's declared middle to a `TransformSpec`, and what is wrong with it.

Knows which fields hold expressions, paths and annotations. Does not know their syntax (`transform`).
"""

import re
from collections.abc import Callable
from typing import Literal, TypeVar

from tidegate.engine.schema_rules import SOURCE_SCHEMA, check_schemas, source_schema_text
from tidegate.mqtt.topics import filter_error, topic_error
from tidegate.resources.dataflow import BuiltInTransformationSettings, Dataflow, MapRule
from tidegate.resources.finding_list import FindingList
from tidegate.resources.findings import closest, enumerate_words
from tidegate.resources.resolved_flow import ResolvedFlow, sent_filter
from tidegate.resources.schema_reference import SchemaTexts
from tidegate.resources.source_map import FieldPath
from tidegate.settings import Settings
from tidegate.transform.declaration_error import DeclarationError
from tidegate.transform.enrich import context_names, own_names
from tidegate.transform.map_rule import check_shape
from tidegate.transform.output import to_json
from tidegate.transform.parser import parse_expression
from tidegate.transform.paths import MISSING, Path, Reference, Root, parse_output, parse_reference
from tidegate.transform.rule import INPUTS_MAX, compile_expression
from tidegate.transform.spec import DatasetSpec, FilterSpec, HeaderSpec, MapSpec, TransformSpec
from tidegate.transform.topic_template import TopicTemplate, parse
from tidegate.transform.values import EvaluationError

__all__ = [
    "COPY",
    "COUNT_HOPS",
    "FILTER_TRUE",
    "LAST_VALUE",
    "NO_ECHO_OF",
    "STRIP_TOPIC_PREFIX",
    "check_transform",
    "dataset_keys",
    "dataset_names",
    "topic_template",
    "transform_spec",
]

FILTER_TRUE = "tidegate.dev/filter-true"
"""Annotation of a data flow: what a filter that is true means, `drop` or `pass` (facts 3.3)."""

COPY = "tidegate.dev/copy-behind-wildcard"
"""Annotation: whether a plain copy behind a wildcard is a `move` of the field, or does `add` another (facts 3.5)."""

LAST_VALUE = "tidegate.dev/last-value-per"
"""Annotation: whether `? $last` remembers one value for each `instance`, or for each `topic` (facts 3.2)."""

COUNT_HOPS = "tidegate.dev/count-hops"
"""Annotation: whether a data flow counts, in a user property, through how many of them a message came: `always` or `never`."""

NO_ECHO_OF = "tidegate.dev/no-echo-of"
"""Annotation: names of data flows, with commas between, whose messages this one does not take."""

STRIP_TOPIC_PREFIX = "tidegate.dev/strip-topic-prefix"
"""Annotation: what `${inputTopic}` and `${inputTopic.N}` leave out at the beginning of the source topic."""

_CHOICES = {
    FILTER_TRUE: ("drop", "pass"),
    COPY: ("move", "add"),
    LAST_VALUE: ("instance", "topic"),
    COUNT_HOPS: ("always", "never"),
    SOURCE_SCHEMA: ("name", "validate"),
}

_DATASET_KEY = re.compile(r"(?P<key>\S+)(?:\s+as\s+(?P<alias>\S+))?")

Parsed = TypeVar("Parsed")


def transform_spec(flow: ResolvedFlow, settings: Settings, schemas: SchemaTexts | None) -> TransformSpec:
    """Return the middle of a data flow that `check_transform` found no error in."""
    spec = flow.dataflow.spec
    found = spec.transformation
    middle = found[1] if found is not None else BuiltInTransformationSettings()
    annotations = flow.dataflow.metadata.annotations or {}
    filter_true: Literal["drop", "pass"] = settings.filter_true
    if annotations.get(FILTER_TRUE) in ("drop", "pass"):
        filter_true = "pass" if annotations[FILTER_TRUE] == "pass" else "drop"
    return TransformSpec(
        topic_template=flow.topic_template,
        topic_prefix=annotations.get(STRIP_TOPIC_PREFIX, ""),
        datasets=tuple(
            DatasetSpec(key=key, name=name, inputs=each.inputs, expression=each.expression or "true")
            for each, (key, name) in zip(middle.datasets, dataset_names(middle), strict=True)
        ),
        filters=tuple(
            FilterSpec(inputs=each.inputs, expression=each.expression, description=each.description)
            for each in middle.filter
        ),
        maps=tuple(
            MapSpec(
                inputs=each.inputs, output=each.output, expression=each.expression or None, description=each.description
            )
            for each in middle.map
        ),
        headers=tuple(
            HeaderSpec(action=each.action_type, key=each.key, value=each.value or "")
            for each in spec.destination[1].headers
        ),
        filter_true=filter_true,
        moves_copies=annotations.get(COPY) != "add",
        last_per_topic=annotations.get(LAST_VALUE) == "topic",
        cloud_events=flow.destination.settings.cloud_event_attributes,
        target_name=flow.destination.name,
        source_schema=spec.source[1].schema_ref,
        output_schema=middle.schema_ref,
        payload_schema=source_schema_text(flow.dataflow, schemas),
    )


def topic_template(dataflow: Dataflow) -> TopicTemplate:
    """Parse the `dataDestination` of a data flow. Raises `transform.declaration_error.DeclarationError`."""
    prefix = (dataflow.metadata.annotations or {}).get(STRIP_TOPIC_PREFIX, "")
    return parse(dataflow.spec.destination[1].data_destination, prefix)


def dataset_names(middle: BuiltInTransformationSettings) -> list[tuple[str, str]]:
    """Return for each data set its key and the name that rules use for it: the alias, or the key itself (facts 3.11)."""
    names = []
    for dataset in middle.datasets:
        match = _DATASET_KEY.fullmatch(dataset.key.strip())
        names.append((match["key"], match["alias"] or match["key"]) if match else (dataset.key, dataset.key))
    return names


def dataset_keys(flow: ResolvedFlow) -> tuple[str, ...]:
    """Return the keys of a data flow's data sets, each once, in the order in which they are declared."""
    found = flow.dataflow.spec.transformation
    return () if found is None else tuple(dict.fromkeys(key for key, _ in dataset_names(found[1])))


def check_transform(
    dataflow: Dataflow, template: TopicTemplate | None, schemas: SchemaTexts | None, findings: FindingList
) -> None:
    """Find everything that is wrong with a data flow's middle.

    Args:
        template: the parsed `dataDestination`.
        schemas: what the registry holds, None where there is none.
    """
    _check_annotations(dataflow, findings)
    check_schemas(dataflow, schemas, findings)
    spec = dataflow.spec
    found = spec.transformation
    writes_topic = False
    if found is not None:
        check = _Checks(dataflow, found[0], found[1], findings)
        check.run()
        writes_topic = check.writes_topic
    if template is None:
        return
    path = ("spec", "operations", spec.destination[0], "destinationSettings", "dataDestination")
    if template.uses_output_topic and not writes_topic:
        message = "dataDestination uses `${outputTopic}`, and no rule of the map writes `$metadata.topic`"
        offset = template.text.index("${outputTopic}")
        hint = "add a rule with `output: $metadata.topic`, or use `${inputTopic}`"
        findings.add("error", "topic-template", message, dataflow.key, path, hint, (offset, len("${outputTopic}")))
    elif writes_topic and not template.uses_output_topic:
        message = "the map writes `$metadata.topic`, which has no effect: dataDestination does not use `${outputTopic}`"
        hint = "write `dataDestination: ${outputTopic}`"
        findings.add("warning", "no-effect", message, dataflow.key, path, hint)


class _Checks:
    """All checks of one transformation."""

    def __init__(
        self, dataflow: Dataflow, index: int, middle: BuiltInTransformationSettings, findings: FindingList
    ) -> None:
        self._dataflow = dataflow
        self._middle = middle
        self._findings = findings
        self._path: FieldPath = ("spec", "operations", index, "builtInTransformationSettings")
        self._names = dataset_names(middle)
        self.writes_topic = False

    def run(self) -> None:
        """Check everything."""
        if self._middle.serialization_format != "Json":
            message = f"serializationFormat {self._middle.serialization_format} belongs to storage destinations; "
            message += "an MQTT destination takes Json"
            self._add(
                "serialization", message, (*self._path, "serializationFormat"), "write `serializationFormat: Json`"
            )
        self._check_datasets()
        for number, condition in enumerate(self._middle.filter):
            path = (*self._path, "filter", number)
            references = self._inputs(condition.inputs, path, "a filter")
            if references is not None:
                self._expression(condition.expression, references, path)
        for number, rule in enumerate(self._middle.map):
            self._check_map(rule, (*self._path, "map", number))

    def _check_datasets(self) -> None:
        seen: set[str] = set()
        for number, (dataset, (key, name)) in enumerate(zip(self._middle.datasets, self._names, strict=True)):
            path = (*self._path, "datasets", number)
            if _DATASET_KEY.fullmatch(dataset.key.strip()) is None:
                message = f"the key `{dataset.key}` is neither a key nor `<key> as <alias>`"
                self._add("dataset", message, (*path, "key"), "write for instance `key: limits as l`")
                continue
            if ")" in name:
                message = f"the name `{name}` has a bracket, so that no `$context(...)` can hold it"
                self._add(
                    "dataset", message, (*path, "key"), f"choose an alias without brackets: `key: {key} as other`"
                )
            if name in seen:
                message = f"two data sets have the name `{name}`"
                self._add("dataset", message, (*path, "key"), f"give one an alias: `key: {key} as other`")
            seen.add(name)
            if not dataset.expression:
                message = f"the data set `{name}` has no expression that says which record applies"
                self._add("dataset", message, path, "add for instance `expression: $1 == $2`")
                continue
            references = self._inputs(dataset.inputs, path, "a data set", own=number)
            if references is not None:
                self._expression(dataset.expression, references, path)

    def _check_map(self, rule: MapRule, path: FieldPath) -> None:
        output = self._parse(parse_output, rule.output, (*path, "output"))
        references = self._inputs(rule.inputs, path, None)
        if references is None or (output is None and rule.output.strip()):
            return
        if output is not None and output.root is Root.TOPIC:
            self.writes_topic = True
        try:
            check_shape(rule.output, rule.expression or None, references, output)
        except DeclarationError as error:
            place: FieldPath = (*path, "output")
            self._findings.add("error", "map-rule", error.message, self._dataflow.key, place, error.hint)
            return
        if rule.expression and output is not None:
            self._expression(rule.expression, references, path)

    def _inputs(
        self, inputs: tuple[str, ...], path: FieldPath, whose: str | None, own: int | None = None
    ) -> tuple[Reference, ...] | None:
        """Parse inputs and check what they name; `whose` is what takes no wildcards, `own` the data set's number."""
        if len(inputs) > INPUTS_MAX:
            message = f"the rule has {len(inputs)} inputs; allowed are {INPUTS_MAX}"
            self._add("inputs", message, (*path, "inputs"), "split it over several rules")
            return None
        found: list[Reference] = []
        for number, text in enumerate(inputs):
            place = (*path, "inputs", number)
            reference = self._parse(parse_reference, text, place)
            if reference is not None and self._check_input(reference, number, found, place, whose, own):
                found.append(reference)
        return tuple(found) if len(found) == len(inputs) else None

    def _check_input(
        self,
        reference: Reference,
        number: int,
        before: list[Reference],
        place: FieldPath,
        whose: str | None,
        own: int | None,
    ) -> bool:
        path = reference.path
        if path.wildcard is not None:
            if whose is not None:
                message = f"`{path.text}` holds a `*`, and {whose} reads one field at a time"
                self._add("wildcard", message, place, "name the field")
                return False
            if number and before and before[0].path.wildcard is None:
                message = f"`{path.text}` holds a `*`, and the first input, which says what it stands for, has none"
                self._add("wildcard", message, place, "let the first input have a `*`, or name one field")
                return False
            if reference.uses_last or reference.default is not MISSING:
                message = f"`{path.text}` holds a `*`, and stands only for fields that are there"
                self._add("wildcard", message, place, "remove what follows `?`, or name one field")
                return False
        return self._check_context(path, place, own)

    def _check_context(self, path: Path, place: FieldPath, own: int | None) -> bool:
        if path.root is not Root.CONTEXT or (own is not None and path.key in (None, *own_names(self._names, own))):
            return True
        called = context_names(self._names)
        names = [name for of_one in called for name in of_one]
        if path.key is None:
            message = "`$context` alone means the record of the data set that asks; elsewhere it needs a name"
            hint = f"write `$context({self._names[-1][1] if names else '<key>'}).<field>`"
        elif path.key in names:
            if own is None or any(path.key in of_one for of_one in called[:own]):
                return True
            message = f"the data set `{path.key}` is looked up after this one, which cannot read it"
            hint = "put it before this one"
        elif of_key := [name for key, name in self._names if key == path.key]:
            message = f"`{path.key}` is the key of {len(of_key)} data sets"
            hint = f"they are called {enumerate_words([f'`{name}`' for name in of_key])}"
        else:
            message = f"there is no data set `{path.key}`"
            near = closest(path.key, names)
            have = f"there are {enumerate_words([f'`{each}`' for each in names])}" if names else None
            hint = f"did you mean `{near}`?" if near else have or "declare it in `datasets`"
        self._add("dataset", message, place, hint)
        return False

    def _expression(self, text: str, references: tuple[Reference, ...], path: FieldPath) -> None:
        place = (*path, "expression")
        tree = self._parse(lambda given: parse_expression(given, len(references)), text, place)
        if tree is None or references:
            return
        try:
            to_json(compile_expression(text, 0)(()))
        except EvaluationError as error:
            message = f"the expression has no inputs and no value: {error.detail}"
            self._add("expression", message, place, "a text stands in quotes; a field is listed in `inputs`")

    def _parse(self, parse: Callable[[str], Parsed], text: str, place: FieldPath) -> Parsed | None:
        try:
            return parse(text)
        except DeclarationError as error:
            code = "expression" if place[-1] == "expression" else "path"
            at = (error.offset, error.length)
            self._findings.add("error", code, error.message, self._dataflow.key, place, error.hint, at)
            return None

    def _add(self, code: str, message: str, place: FieldPath, hint: str | None) -> None:
        self._findings.add("error", code, message, self._dataflow.key, place, hint)


def _check_annotations(dataflow: Dataflow, findings: FindingList) -> None:
    for name, value in (dataflow.metadata.annotations or {}).items():
        path = ("metadata", "annotations", name)
        if name in _CHOICES and value not in _CHOICES[name]:
            allowed = enumerate_words([f"`{each}`" for each in _CHOICES[name]])
            message = f"the annotation {name} is `{value}`; allowed are {allowed}"
            findings.add("error", "annotation", message, dataflow.key, path, f"write `{name}: {_CHOICES[name][0]}`")
        elif name == STRIP_TOPIC_PREFIX:
            _check_prefix(dataflow, value, path, findings)
        elif name.startswith("tidegate.dev/") and name not in (*_CHOICES, NO_ECHO_OF):
            near = closest(name, [*_CHOICES, STRIP_TOPIC_PREFIX, NO_ECHO_OF])
            hint = f"did you mean `{near}`?" if near else "remove it"
            findings.add("error", "annotation", f"there is no annotation {name}", dataflow.key, path, hint, "name")


def _check_prefix(dataflow: Dataflow, prefix: str, path: FieldPath, findings: FindingList) -> None:
    error = topic_error(prefix)
    if error is not None:
        message = f"the annotation {STRIP_TOPIC_PREFIX} is `{prefix}`, and {error}"
        hint = "write how source topics begin, as in `plant/`"
        findings.add("error", "annotation", message, dataflow.key, path, hint)
        return
    template = TopicTemplate("", (), prefix)
    for topic_filter in map(sent_filter, dataflow.spec.source[1].data_sources):
        if filter_error(topic_filter) is None and template.remaining(topic_filter) is None:
            message = f"no topic that matches `{topic_filter}` begins with `{prefix}`, which is to be left out"
            hint = "write how all source topics begin, or read these in a data flow of their own"
            findings.add("error", "annotation", message, dataflow.key, path, hint)
