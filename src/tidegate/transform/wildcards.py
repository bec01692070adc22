"""How rules with wildcards apply to a message, and which of them gives way (facts 3.5).

Knows leaves, captures and ranks. It is the general way, in the order of the facts; `map` has a quick one for the usual case.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from tidegate.transform.map_rule import MapRule, is_identity, produced
from tidegate.transform.output import Output, copied, to_json
from tidegate.transform.paths import MISSING, Path, Root
from tidegate.transform.values import EvaluationError, from_json
from tidegate.transform.view import Record, View, compile_read, find

__all__ = ["APPLICATIONS_MAX", "Application", "applications", "capture", "leaves", "read_inputs", "resolve", "value_of"]

APPLICATIONS_MAX = 100_000
"""How often the rules of a map may apply to one message."""

Segments = tuple[str, ...]
Field = tuple[str, Segments]
"""A field: the name of the data set, empty for the payload, and the way to it. Metadata has the root's name."""


class Application:
    """One rule applied to one set of fields; `captured` is what its `*` stands for, empty where it has none.

    `is_suppressed`: a later rule takes its fields away. `instead` is the first later one that is written in its place, and
    `is_special` says so of that one.
    """

    __slots__ = ("captured", "fields", "instead", "is_special", "is_suppressed", "output", "rank", "rule")

    def __init__(self, rule: MapRule, fields: tuple[Field, ...], captured: Segments, output: Path | None) -> None:
        self.rule = rule
        self.fields = fields
        self.captured = captured
        self.rank = len(captured)
        self.output = output
        self.is_suppressed = False
        self.is_special = False
        self.instead: Application | None = None


def resolve(rules: tuple[MapRule, ...], view: View, *, moves_copies: bool) -> Output:
    """Make the output of a message. Raises `EvaluationError`, which names the rule."""
    output = Output({})
    for application in applications(rules, view, moves_copies=moves_copies):
        if application.is_suppressed:
            continue
        # What is special is written in the place of the earlier rule, to stand there, and in its own turn, to be the last.
        while application.instead is not None:
            application = application.instead
        if not application.is_suppressed and application.output is not None:
            _write(application, output, view)
    return output


def applications(rules: tuple[MapRule, ...], view: View, *, moves_copies: bool) -> list[Application]:
    """Return how the rules apply to a message, in order, and which gives way to which. Raises `EvaluationError`."""
    found: list[Application] = []
    by_field = _ByField()
    for rule in rules:
        new = list(islice(_applications(rule, view), APPLICATIONS_MAX + 1 - len(found)))
        if len(found) + len(new) > APPLICATIONS_MAX:
            raise EvaluationError(f"{rule.name}: the rules apply more than {APPLICATIONS_MAX} times to this message")
        for application in new:
            _suppress(application, by_field, moves_copies=moves_copies)
        for application in new:
            by_field.add(application)
        found += new
    return found


def leaves(record: Record) -> Iterator[tuple[Segments, Any]]:
    """Yield the way to every value that is no object, and to every empty object, in the order of the record."""
    stack: list[tuple[Segments, Iterator[tuple[str, Any]]]] = [((), iter(record.items()))]
    while stack:
        way, items = stack[-1]
        for name, value in items:
            here = (*way, name)
            if type(value) is dict and value:
                stack.append((here, iter(value.items())))
                break
            yield here, value
        else:
            stack.pop()


def capture(path: Path, way: Segments) -> Segments | None:
    """Return what the `*` of a path stands for in a way, one or more segments; None where it does not match."""
    wildcard = path.wildcard
    assert wildcard is not None
    before, after = path.segments[:wildcard], path.segments[wildcard + 1 :]
    if len(way) <= len(before) + len(after) or way[:wildcard] != before:
        return None
    end = len(way) - len(after)
    return way[wildcard:end] if way[end:] == after else None


def _applications(rule: MapRule, view: View) -> Iterator[Application]:
    if not rule.has_wildcard:
        yield Application(rule, tuple(_field(each.path, ()) for each in rule.references), (), rule.output)
        return
    first = rule.references[0].path
    record = view.payload if first.root is Root.PAYLOAD else view.records.get(first.key or "")
    if record is None:
        return
    takes_empty = is_identity(rule)
    for way, value in leaves(record):
        captured = capture(first, way)
        if captured is None or (value == {} and type(value) is dict and not takes_empty):
            continue
        fields = tuple(_field(each.path, captured) for each in rule.references)
        others = zip(rule.references[1:], fields[1:], strict=True)
        if all(_read(each.path, field, view) is not MISSING for each, field in others):
            yield Application(rule, fields, captured, None if rule.output is None else _filled(rule.output, captured))


class _ByField:
    """Applications by the first field that they read.

    A payload may have as many fields as there may be applications, so that none is looked for by going through all.
    """

    def __init__(self) -> None:
        self._found: dict[Field, list[Application]] = {}
        self._ordered: list[Field] | None = None

    def add(self, application: Application) -> None:
        if application.fields:
            self._found.setdefault(application.fields[0], []).append(application)
            self._ordered = None

    def at(self, field: Field) -> Sequence[Application]:
        return self._found.get(field, ())

    def at_or_below(self, field: Field) -> Iterator[Application]:
        ordered = self._ordered
        if ordered is None:
            ordered = self._ordered = sorted(self._found)
        root, way = field
        # In this order what is below a field follows it.
        for index in range(bisect_left(ordered, field), len(ordered)):
            other, deeper = ordered[index]
            if other != root or deeper[: len(way)] != way:
                return
            yield from self._found[ordered[index]]


def _suppress(later: Application, by_field: _ByField, *, moves_copies: bool) -> None:
    """Take away from earlier rules what this one is the special case of."""
    output = later.output
    if output is None:
        for field in later.fields:
            for earlier in by_field.at_or_below(field):
                if earlier.rank > later.rank:
                    earlier.is_suppressed = True
        return
    moves = moves_copies and later.rule.moves and later.fields[0][1] != output.segments
    if moves:
        for earlier in by_field.at_or_below(later.fields[0]):
            is_special = earlier.fields[0] == later.fields[0] and _same_place(earlier, later)
            if earlier.rank > later.rank and not is_special:
                earlier.is_suppressed = True
    for field in later.fields:
        for earlier in by_field.at(field):
            if earlier.rank <= later.rank or earlier.is_suppressed:
                continue
            if _same_place(earlier, later):
                if earlier.instead is None:
                    earlier.instead, later.is_special = later, True
            elif earlier.rule.evaluate is not None and earlier.fields == later.fields:
                earlier.is_suppressed = True


def _same_place(earlier: Application, later: Application) -> bool:
    one, other = earlier.output, later.output
    return (
        one is not None
        and other is not None
        and (one.root, one.segments, one.key) == (other.root, other.segments, other.key)
    )


def value_of(application: Application, view: View) -> Any:
    """Make the value of a rule where it applies. Raises `EvaluationError`, which names the rule."""
    rule = application.rule
    if not application.captured:
        return produced(rule, view)
    try:
        found = read_inputs(application, view)
        return found[0] if rule.evaluate is None else to_json(rule.evaluate([from_json(each) for each in found]))
    except EvaluationError as error:
        raise EvaluationError(f"{rule.name}: {error.detail}") from None


def read_inputs(application: Application, view: View) -> list[Any]:
    """Return what the fields that a wildcard stands for hold, `MISSING` where nothing is."""
    paths = [each.path for each in application.rule.references]
    return [_read(path, field, view) for path, field in zip(paths, application.fields, strict=True)]


def _write(application: Application, output: Output, view: View) -> None:
    assert application.output is not None
    value = copied(value_of(application, view))
    try:
        output.put(application.output, value)
    except EvaluationError as error:
        raise EvaluationError(f"{application.rule.name}: {error.detail}") from None


def _field(path: Path, captured: Segments) -> Field:
    if path.is_metadata:
        return (path.text, ())
    wildcard = path.wildcard
    ways = path.segments
    if wildcard is not None:
        ways = (*ways[:wildcard], *captured, *ways[wildcard + 1 :])
    return (f"$context({path.key})" if path.root is Root.CONTEXT else "", ways)


def _filled(path: Path, captured: Segments) -> Path:
    return Path(path.text, path.root, _field(path, captured)[1], None, path.key)


def _read(path: Path, field: Field, view: View) -> Any:
    if path.is_metadata:
        return compile_read(path)(view)
    return find(view.payload if path.root is Root.PAYLOAD else view.records.get(path.key or ""), field[1])
