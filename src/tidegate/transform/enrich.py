"""Data sets: which record of each applies to a message (facts 3.11).

Knows conditions over a message and a record, and an index for the usual condition, that two fields are equal. Does not know
where records come from: whoever runs the flow keeps `snapshots` up to date.
"""

from collections.abc import Callable, Mapping, Sequence

from tidegate.transform.evaluator import Evaluate, compile_node
from tidegate.transform.parser import parse_expression
from tidegate.transform.paths import Path, Reference, Root
from tidegate.transform.rule import compile_readers, references_of
from tidegate.transform.spec import DatasetSpec
from tidegate.transform.syntax import Binary, Node, Variable
from tidegate.transform.values import EvaluationError, Value, from_json, type_name
from tidegate.transform.view import Record, View, find

__all__ = ["Snapshots", "compile_datasets", "compile_enrich", "context_names", "own_names"]

Snapshots = Mapping[str, Sequence[Record]]
"""The records of each data set by its key, in their order."""

_Key = tuple[type, Value]


def compile_enrich(datasets: tuple[DatasetSpec, ...], snapshots: Snapshots) -> Callable[[View], None]:
    """Return the function that finds the first record of each data set for which its condition is true.

    It raises `EvaluationError` where a data set has not been loaded, or a condition has no value or is no boolean.

    Raises:
        DeclarationError: an input or a condition does not parse.
    """
    steps = compile_datasets(datasets, snapshots)

    def enrich(view: View) -> None:
        for step in steps:
            step(view)

    return enrich


def compile_datasets(datasets: tuple[DatasetSpec, ...], snapshots: Snapshots) -> list[Callable[[View], None]]:
    """Return the functions that `compile_enrich` goes through, one for each data set."""
    names = [(each.key, each.name) for each in datasets]
    return [
        _step(called, _Finder(each, own_names(names, number), snapshots))
        for number, (called, each) in enumerate(zip(context_names(names), datasets, strict=True))
    ]


def _step(called: tuple[str, ...], finder: "_Finder") -> Callable[[View], None]:
    def step(view: View) -> None:
        record = finder.find(view)
        for name in called:
            view.records[name] = record

    return step


def context_names(datasets: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return what rules may call each data set, given its key and its name: the name, and the key where it means no other."""
    taken = [name for _, name in datasets]
    keys = [key for key, _ in datasets]
    return [(name,) if key in taken or keys.count(key) > 1 else (name, key) for key, name in datasets]


def own_names(datasets: Sequence[tuple[str, str]], number: int) -> tuple[str, ...]:
    """Return what a data set may call itself in its condition: also its key, unless that is another's name."""
    key, name = datasets[number]
    others = [other for index, (_, other) in enumerate(datasets) if index != number]
    return (name,) if key in others else (name, key)


class _Finder:
    """One data set, which calls itself `own_names`."""

    def __init__(self, spec: DatasetSpec, own_names: tuple[str, ...], snapshots: Snapshots) -> None:
        self._spec = spec
        self._snapshots = snapshots
        references = references_of(spec.inputs)
        tree = parse_expression(spec.expression, len(references))
        self._evaluate: Evaluate = compile_node(tree)
        self._own = [_is_own(each.path, own_names) for each in references]
        self._fields = [each.path.segments for each in references]
        outer = tuple(
            each if not own else Reference(Path("", Root.PAYLOAD, ("",)))
            for each, own in zip(references, self._own, strict=True)
        )
        self._readers = compile_readers(outer, last_per_topic=False)
        self._equal = _equality(tree, self._own)
        self._indexed: Sequence[Record] | None = None
        self._index: dict[_Key, Record] | None = None

    def find(self, view: View) -> Record | None:
        """Return the first record that applies to a message."""
        records = self._snapshots.get(self._spec.key)
        if records is None:
            raise EvaluationError(f"the data set `{self._spec.key}` has not been loaded")
        try:
            given = [None if own else from_json(read(view)) for own, read in zip(self._own, self._readers, strict=True)]
            return self._first(records, given)
        except EvaluationError as error:
            raise EvaluationError(f"data set `{self._spec.key}`: {error.detail}") from None

    def _first(self, records: Sequence[Record], given: list[Value]) -> Record | None:
        if self._equal is not None:
            index = self._index_of(records, self._equal[1])
            wanted = given[self._equal[0]]
            if index is not None and not isinstance(wanted, tuple):
                return index.get((type(wanted), wanted))
        for record in records:
            if self._applies(record, given):
                return record
        return None

    def _applies(self, record: Record, given: list[Value]) -> bool:
        values = [
            from_json(find(record, field)) if own else value
            for own, field, value in zip(self._own, self._fields, given, strict=True)
        ]
        verdict = self._evaluate(values)
        if verdict is True or verdict is False:
            return verdict
        raise EvaluationError(f"a condition is true or false, and this is of type {type_name(verdict)}")

    def _index_of(self, records: Sequence[Record], number: int) -> dict[_Key, Record] | None:
        """Return the first record for each value of a field; None where one holds what is no primitive."""
        if records is self._indexed:
            return self._index
        self._indexed, self._index = records, None
        index: dict[_Key, Record] = {}
        for record in records:
            try:
                value = from_json(find(record, self._fields[number]))
            except EvaluationError:
                return None
            if isinstance(value, tuple):
                return None
            index.setdefault((type(value), value), record)
        self._index = index
        return index


def _is_own(path: Path, own_names: tuple[str, ...]) -> bool:
    return path.root is Root.CONTEXT and (path.key is None or path.key in own_names)


def _equality(tree: Node, own: list[bool]) -> tuple[int, int] | None:
    """Return which input is the message's and which the record's where the condition is that the two are equal."""
    if isinstance(tree, Binary) and tree.operator == "==":
        left, right = tree.left, tree.right
        if isinstance(left, Variable) and isinstance(right, Variable):
            one, other = left.number - 1, right.number - 1
            if own[one] is not own[other]:
                return (other, one) if own[one] else (one, other)
    return None
