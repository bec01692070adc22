"""The map, by its rules and what comes of them; both ways of resolving are asked and have to agree (facts 3.1 and 3.5)."""

import json
from typing import Any

import pytest

from tidegate.message import Message
from tidegate.transform.map import compile_map
from tidegate.transform.map_rule import compile_rules
from tidegate.transform.output import Output
from tidegate.transform.spec import MapSpec
from tidegate.transform.values import EvaluationError
from tidegate.transform.view import View
from tidegate.transform.wildcards import resolve

Rule = tuple[str | tuple[str, ...], str] | tuple[str | tuple[str, ...], str, str]

ALL: Rule = ("*", "*")


def specs(*rules: Rule) -> tuple[MapSpec, ...]:
    made = []
    for inputs, output, *expression in rules:
        names = (inputs,) if isinstance(inputs, str) else inputs
        made.append(MapSpec(inputs=names, output=output, expression=expression[0] if expression else None))
    return tuple(made)


def outputs(payload: str, *rules: Rule, moves: bool = True, **records: Any) -> list[Output]:
    """Return what the map makes, and what the general way makes."""
    made = []
    maps = specs(*rules)
    compiled = compile_map(maps, moves_copies=moves, last_per_topic=False)
    general = compile_rules(maps, last_per_topic=False)
    for way in (compiled, lambda view: resolve(general, view, moves_copies=moves)):
        view = View(Message("line/7/oven", payload.encode(), user_properties=(("unit", "C"),)))
        view.records.update(records)
        made.append(way(view))
    return made


def check(payload: str, expected: str, *rules: Rule, moves: bool = True, **records: Any) -> None:
    for output in outputs(payload, *rules, moves=moves, **records):
        assert json.dumps(output.payload) == json.dumps(json.loads(expected))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((ALL,), '{"t": {"C": 180}, "door": "open", "n": null, "l": [1, {"x": 2}], "e": {}}'),
        ((("door", "door"),), '{"door": "open"}'),
        ((("door", "d.o"), ("t", "t")), '{"d": {"o": "open"}, "t": {"C": 180}}'),
        ((("t.*", "*"),), '{"C": 180}'),
        ((("*", "in.*"),), '{"in": {"t": {"C": 180}, "door": "open", "n": null, "l": [1, {"x": 2}]}}'),
        ((ALL, ("door", "")), '{"t": {"C": 180}, "n": null, "l": [1, {"x": 2}], "e": {}}'),
        ((ALL, ("t", ""), ("l", ""), ("e", "")), '{"door": "open", "n": null}'),
        ((ALL, ("t.C", "")), '{"door": "open", "n": null, "l": [1, {"x": 2}], "e": {}}'),
        ((ALL, (("t", "door", "n", "l", "e"), "")), "{}"),
        ((ALL, ("x", "")), '{"t": {"C": 180}, "door": "open", "n": null, "l": [1, {"x": 2}], "e": {}}'),
        (
            (ALL, ("t.C", "t.C", "cToF($1)")),
            '{"t": {"C": 356.0}, "door": "open", "n": null, "l": [1, {"x": 2}], "e": {}}',
        ),
        ((("t.C", "f", "cToF($1)"), ("door", "open", '$1 == "open"')), '{"f": 356.0, "open": true}'),
        (((("t.C", "door"), "s", '$2 + " at " + $1'),), '{"s": "open at 180"}'),
        ((((), "kind", '"oven"'), ((), "n", "(1, 2)")), '{"kind": "oven", "n": [1, 2]}'),
        ((("x", "y"), ("n", "m")), '{"m": null}'),
        ((("n", "m", "$1"),), "{}"),
        ((("l", "m"),), '{"m": [1, {"x": 2}]}'),
    ],
)
def test_rules(rules: tuple[Rule, ...], expected: str) -> None:
    check('{"t": {"C": 180}, "door": "open", "n": null, "l": [1, {"x": 2}], "e": {}}', expected, *rules)


def test_a_plain_copy_behind_a_wildcard_moves_unless_told_to_add() -> None:
    payload = '{"a": 1, "b": {"c": 2, "d": 3}}'
    check(payload, '{"b": {"c": 2, "d": 3}, "x": 1}', ALL, ("a", "x"))
    check(payload, '{"a": 1, "b": {"c": 2, "d": 3}, "x": 1}', ALL, ("a", "x"), moves=False)
    check(payload, '{"a": 1, "x": {"c": 2, "d": 3}}', ALL, ("b", "x"))
    check(payload, '{"a": 1, "b": {"d": 3}, "x": 2}', ALL, ("b.c", "x"))


def test_a_rule_with_an_expression_or_for_metadata_adds() -> None:
    check('{"a": 1}', '{"a": 1, "b": 2}', ALL, ("a", "b", "$1 + 1"))
    for output in outputs('{"a": "x"}', ALL, ("a", "$metadata.user_property.a"), ("a", "$metadata.topic")):
        assert (output.payload, output.properties, output.topic) == ({"a": "x"}, [("a", "x")], "x")


def test_a_wildcard_behind_a_specific_rule_is_a_second_rule() -> None:
    check('{"a": 1}', '{"b": 1, "a": 1}', ("a", "b"), ALL)


def test_an_expression_over_a_wildcard_and_its_special_case() -> None:
    payload = '{"T": {"Max": 4, "Min": 2}, "P": {"Max": 8, "Min": 6}, "Q": {"Max": 1}}'
    average: Rule = (("*.Max", "*.Min"), "Averaged.*", "($1 + $2) / 2")
    check(payload, '{"Averaged": {"T": 3, "P": 7}}', average)
    special: Rule = (("P.Max", "P.Min"), "Averaged.Adjusted", "($1 + $2 + 10) / 2")
    check(payload, '{"Averaged": {"T": 3, "Adjusted": 12}}', average, special)


def test_a_lesser_rank_is_the_special_case_of_a_greater_one() -> None:
    payload = '{"a": {"b": {"c": 1}}, "d": 2}'
    check(payload, '{"d": 2, "x": {"b": {"c": 1}}}', ALL, ("a.*", "x.*"))
    check(
        '{"a": {"b": {"c": 1}}, "d": 2}',
        '{"a": {"b": {"c": 1}}, "d": 2, "x": {"b": {"c": 1}}}',
        ALL,
        ("a.*", "x.*"),
        moves=False,
    )
    check('{"a": {"b": 1, "c": 2}, "d": 3}', '{"d": 3}', ALL, ("a.*", ""))


def test_what_has_no_value_is_not_written_and_not_copied_either() -> None:
    check('{"a": 5, "b": 1}', '{"b": 1}', ALL, ("a", "a", "if($1 > 3, (), $1)"))


def test_an_object_that_is_copied_is_the_output_s_own() -> None:
    check('{"a": {"b": 1}}', '{"x": {"b": 1, "y": {"b": 1}}}', ("a", "x"), ("a", "x.y"))
    check('{"a": {"b": 1}}', '{"a": {"b": 1, "y": {"b": 1}}}', ALL, ("a", "a"), ("a", "a.y"), moves=False)


def test_several_rules_for_the_place_of_a_wildcard_come_one_after_the_other() -> None:
    default: Rule = ("a", "a", "if($1 == (), 7, $1)")
    check("{}", '{"a": 7}', ALL, default, ("a", "a"))
    check('{"a": 1, "z": 2}', '{"a": 1, "z": 2}', ALL, ("a", "a"), ("a", "a", "if($1 == 1, (), 5)"))
    check('{"a": 1, "b": 2}', '{"a": 2}', ALL, ("b", "a"), ("a", "a", "if($1 == 1, (), 5)"))
    check('{"a": 3, "b": 2}', '{"a": 5}', ALL, ("b", "a"), ("a", "a", "if($1 == 1, (), 5)"))
    check('{"a": {"b": 1, "c": 2}}', '{"a": {"c": 4}}', ALL, ("a.*", "a.*", "$1 * 2"), ("a.b", ""))
    check('{"a": {"b": 1}}', '{"x": 3}', ALL, ("a.*", "a.*", "$1 * 2"), ("a.b", "x", "$1 * 3"))


def test_records_of_data_sets() -> None:
    record = {"max": 9, "min": {"x": 1}}
    check('{"a": 5}', '{"a": 5, "limits": {"max": 9, "min": {"x": 1}}}', ALL, ("$context(l).*", "limits.*"), l=record)
    check('{"a": 5}', '{"a": 5, "high": 9}', ALL, ("$context(l).max", "high"), l=record)
    check('{"a": 5}', '{"a": 5}', ALL, ("$context(l).max", "high"), ("$context(l).*", "limits.*"), l=None)
    check('{"a": 5}', '{"a": 5}', ALL, ("$context(l).max", "high", "$1 * 2"), l=None)
    check('{"a": 5}', '{"a": 5, "high": 5}', ALL, (("$context(l).max", "a"), "high", "if($1 == (), $2, $1)"), l=None)


def test_the_rules_read_the_message_as_it_came() -> None:
    check(
        '{"a": {"x": 1, "y": 2}}', '{"a": {"y": 2}, "b": {"x": 1, "y": 2}}', ALL, ("a", "b"), ("a.x", ""), moves=False
    )


@pytest.mark.parametrize(
    ("rules", "detail"),
    [
        ((("o", "b", "$1 + 1"),), "map rule 1: an object cannot be used in an expression"),
        (
            (ALL, ("a", "b.c"), ("a", "b.c.d")),
            "map rule 3: `b.c.d` cannot be written: `b.c` holds a value that is no object",
        ),
        (((("a"), "b", "1.0 / 0.0"),), "map rule 1: the result is inf, which JSON cannot hold"),
        ((("o", "$metadata.topic"),), "map rule 1: `$metadata.topic` is a text, and the value is an object"),
        ((ALL, ("o", "b", "$1 == ()")), "map rule 2: an object cannot be used in an expression"),
        ((("*", "b.*", "$1 * 2"),), "map rule 1: `*` cannot multiply"),
    ],
)
def test_what_goes_wrong_names_the_rule(rules: tuple[Rule, ...], detail: str) -> None:
    maps = specs(*rules)
    compiled = compile_map(maps, moves_copies=False, last_per_topic=False)
    general = compile_rules(maps, last_per_topic=False)
    for way in (compiled, lambda view: resolve(general, view, moves_copies=False)):
        with pytest.raises(EvaluationError) as caught:
            way(View(Message("t", b'{"a": "text", "o": {"x": 1}}')))
        assert caught.value.detail.startswith(detail)
