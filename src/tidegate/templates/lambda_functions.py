"""Functions that take a function, a row each: `map`, `filter` and so on.

Knows what each does with it. Does not know how a lambda is written (`evaluator`).
"""

import json
from collections.abc import Callable
from functools import cmp_to_key

from tidegate.templates.function import TemplateFunction
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Lambda, Value, as_array, as_bool, as_object, as_text, type_name

__all__ = ["LAMBDA_ROWS"]


def _called(value: Value, name: str, least: int, most: int) -> Callable[..., Value]:
    """Return what calls a lambda with as many of the arguments as it has parameters."""
    if not isinstance(value, Lambda):
        raise TemplateError(f"`{name}` takes a lambda, and this is of type {type_name(value)}")
    count = len(value.parameters)
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} or {most}"
        raise TemplateError(f"the lambda of `{name}` has {count} parameters; allowed are {wanted}")
    return lambda *arguments: value.call(*arguments[:count])


def _map(values: Value, made_of: Value) -> Value:
    call = _called(made_of, "map", 1, 2)
    return [call(item, index) for index, item in enumerate(as_array(values, "`map`"))]


def _filter(values: Value, condition: Value) -> Value:
    call = _called(condition, "filter", 1, 2)
    items = as_array(values, "`filter`")
    return [item for index, item in enumerate(items) if as_bool(call(item, index), "the lambda of `filter`")]


def _reduce(values: Value, start: Value, step: Value) -> Value:
    call = _called(step, "reduce", 2, 3)
    made = start
    for index, item in enumerate(as_array(values, "`reduce`")):
        made = call(made, item, index)
    return made


def _sort(values: Value, is_before: Value) -> Value:
    call = _called(is_before, "sort", 2, 2)

    def compare(left: Value, right: Value) -> int:
        if as_bool(call(left, right), "the lambda of `sort`"):
            return -1
        return 1 if as_bool(call(right, left), "the lambda of `sort`") else 0

    return sorted(as_array(values, "`sort`"), key=cmp_to_key(compare))


def _to_object(values: Value, name_of: Value, made_of: Value = None) -> Value:
    name = _called(name_of, "toObject", 1, 1)
    made = _called(made_of, "toObject", 1, 1) if made_of is not None else None
    items = as_array(values, "`toObject`")
    return {as_text(name(item), "the first lambda of `toObject`"): made(item) if made else item for item in items}


def _group_by(values: Value, name_of: Value) -> Value:
    call = _called(name_of, "groupBy", 1, 2)
    made: dict[str, Value] = {}
    for index, item in enumerate(as_array(values, "`groupBy`")):
        name = as_text(call(item, index), "the lambda of `groupBy`")
        made[name] = [*as_array(made.get(name, []), "`groupBy`"), item]
    return made


def _map_values(value: Value, made_of: Value) -> Value:
    call = _called(made_of, "mapValues", 1, 1)
    return {name: call(item) for name, item in as_object(value, "`mapValues`").items()}


def _row(signature: str, summary: str, example: str, result: Value, call: Callable[..., Value]) -> TemplateFunction:
    return TemplateFunction("lambda", signature, summary, example, json.dumps(result), call)


LAMBDA_ROWS: tuple[TemplateFunction, ...] = (
    _row(
        "filter(array, lambda)",
        "The items for which it is true.",
        "filter(createArray(1, 2, 3), lambda('x', greater(lambdaVariables('x'), 1)))",
        [2, 3],
        _filter,
    ),
    _row(
        "groupBy(array, lambda)",
        "An object of arrays: the items by the name that the lambda gives.",
        "groupBy(createArray('a1', 'b1', 'a2'), lambda('x', first(lambdaVariables('x'))))",
        {"a": ["a1", "a2"], "b": ["b1"]},
        _group_by,
    ),
    _row(
        "map(array, lambda)",
        "What the lambda makes of each item.",
        "map(createArray(1, 2), lambda('x', mul(lambdaVariables('x'), 10)))",
        [10, 20],
        _map,
    ),
    _row(
        "mapValues(object, lambda)",
        "What the lambda makes of each property's value.",
        "mapValues(createObject('a', 1), lambda('x', add(lambdaVariables('x'), 1)))",
        {"a": 2},
        _map_values,
    ),
    _row(
        "reduce(array, start, lambda)",
        "What is left when the lambda has taken in one item after the other.",
        "reduce(createArray(1, 2), 0, lambda('sum', 'x', add(lambdaVariables('sum'), lambdaVariables('x'))))",
        3,
        _reduce,
    ),
    _row(
        "sort(array, lambda)",
        "The items in order; the lambda says whether one comes before another.",
        "sort(createArray(3, 1, 2), lambda('a', 'b', less(lambdaVariables('a'), lambdaVariables('b'))))",
        [1, 2, 3],
        _sort,
    ),
    _row(
        "toObject(array, lambda, [lambda])",
        "An object of the names, and the values, that lambdas make of each item.",
        "toObject(createArray('a'), lambda('x', lambdaVariables('x')), lambda('x', 1))",
        {"a": 1},
        _to_object,
    ),
)
"""The functions that take functions."""
