"""The map: rules that make the output (facts 3.1 and 3.5).

Knows the quick ways: rules without wildcards, and those behind a first rule `*` to `*`. Does not know how wildcards are
resolved in general (`wildcards`), what a rule is (`map_rule`) or how values are written (`output`).
"""

from collections.abc import Callable
from typing import Any

from tidegate.transform.map_rule import MapRule, compile_rules, is_identity, produced
from tidegate.transform.output import Output, copied, remove
from tidegate.transform.paths import MISSING, Root
from tidegate.transform.spec import MapSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View
from tidegate.transform.wildcards import resolve

__all__ = ["compile_map"]


def compile_map(maps: tuple[MapSpec, ...], *, moves_copies: bool, last_per_topic: bool) -> Callable[[View], Output]:
    """Return the function that makes the output of a message.

    It raises `EvaluationError`, which names the rule, where a value cannot be made or written.

    Raises:
        DeclarationError: a rule does not parse (`validate` has said so before).
    """
    rules = compile_rules(maps, last_per_topic=last_per_topic)
    if not any(rule.has_wildcard for rule in rules):
        return lambda view: _in_order(rules, view)
    if is_identity(rules[0]) and not any(rule.has_wildcard for rule in rules[1:]):
        return _over_identity(rules[1:], moves_copies=moves_copies)
    return lambda view: resolve(rules, view, moves_copies=moves_copies)


def _in_order(rules: tuple[MapRule, ...], view: View) -> Output:
    """Write what each rule makes; a removal has nothing to remove."""
    output = Output({})
    for rule in rules:
        if rule.output is not None:
            _put(rule, output, copied(produced(rule, view)))
    return output


def _over_identity(rules: tuple[MapRule, ...], *, moves_copies: bool) -> Callable[[View], Output]:
    """The payload itself becomes the output: what rules take away from the wildcard is removed, then they write."""
    writers = tuple(rule for rule in rules if rule.output is not None)
    makers = [rule.produce if rule.evaluate is not None else _copying(rule.produce) for rule in writers]
    taken = tuple(dict.fromkeys(path for rule in rules for path in _taken(rule, moves_copies=moves_copies)))
    places = [_own_place(rule) for rule in writers]
    # Of several rules for one place the first is the special case of the wildcard, and the others come on top.
    own_places = [(number, place) for number, place in enumerate(places) if place and place not in places[:number]]
    fields = [_single_field(rule) for rule in writers]

    def make(view: View) -> Output:
        # Values first: rules read the message as it came.
        payload = view.payload
        values: list[Any] = []
        try:
            for maker in makers:
                values.append(maker(view))  # noqa: PERF401  # how many there are says which rule made none
        except EvaluationError as error:
            raise EvaluationError(f"{writers[len(values)].name}: {error.detail}") from None
        for segments in taken:
            remove(payload, segments)
        for number, place in own_places:
            if values[number] is MISSING:
                remove(payload, place)
        output = Output(payload)
        for rule, field, value in zip(writers, fields, values, strict=True):
            if field is None:
                _put(rule, output, value)
            elif value is not MISSING:
                payload[field] = value
        return output

    return make


def _copying(produce: Callable[[View], Any]) -> Callable[[View], Any]:
    return lambda view: copied(produce(view))


def _single_field(rule: MapRule) -> str | None:
    """Return the field at the root of the payload that a rule writes; None where it writes elsewhere."""
    output = rule.output
    assert output is not None
    return output.segments[0] if output.root is Root.PAYLOAD and len(output.segments) == 1 else None


def _taken(rule: MapRule, *, moves_copies: bool) -> list[tuple[str, ...]]:
    """Return the fields of which a rule takes the wildcard's copy away (facts 3.5)."""
    fields = [each.path.segments for each in rule.references if each.path.root is Root.PAYLOAD]
    if rule.output is None:
        return fields
    is_move = moves_copies and rule.moves and rule.output.segments != fields[0]
    return fields if is_move else []


def _own_place(rule: MapRule) -> tuple[str, ...] | None:
    """Return where a rule writes if it is a field that it reads: without a value the wildcard's copy is no result either."""
    output = rule.output
    assert output is not None
    if output.root is not Root.PAYLOAD:
        return None
    reads = any(each.path.root is Root.PAYLOAD and each.path.segments == output.segments for each in rule.references)
    return output.segments if reads else None


def _put(rule: MapRule, output: Output, value: Any) -> None:
    assert rule.output is not None
    try:
        output.put(rule.output, value)
    except EvaluationError as error:
        raise EvaluationError(f"{rule.name}: {error.detail}") from None
