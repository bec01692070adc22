"""From the tree of an expression to its value.

Knows which arguments are computed only when they count, how properties are looked up, and what an evaluation may cost.
Does not know any function, or where the expression stands.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from tidegate.resources.findings import closest, enumerate_words
from tidegate.templates.array_functions import member
from tidegate.templates.expression_parser import parse_expression
from tidegate.templates.expression_syntax import Access, Call, Expression, Literal
from tidegate.templates.functions import find_function
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Lambda, Value, as_bool, type_name

__all__ = ["evaluate", "evaluate_text"]

_SHOWN_MAX = 12
_CHEAP = {
    "length",
    "empty",
    "first",
    "last",
    "tryget",
    "createarray",
    "createobject",
    "array",
    "parameters",
    "variables",
}
"""Functions that do not look at all of what they are given."""
_TREES_MAX = 1_024
_parsed = lru_cache(_TREES_MAX)(parse_expression)


def evaluate_text(text: str, scope: Scope) -> Value:
    """Evaluate an expression with its brackets.

    Raises:
        TemplateError: it does not parse or has no value; its characters are counted from the opening bracket.
        TemplateFailed: it uses something that has no value, about which there is a finding already.
    """
    value = evaluate(_parsed(text), scope)
    if isinstance(value, Lambda):
        raise TemplateError(
            "a lambda is no value; it belongs in a call of `map`, `filter`, `sort`, `reduce` or `toObject`"
        )
    return value


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Evaluate a tree, see `evaluate_text`."""
    if isinstance(expression, Literal):
        return expression.value
    scope.names.budget.spend(1)
    try:
        return _call(expression, scope) if isinstance(expression, Call) else _access(expression, scope)
    except TemplateError as error:
        length = expression.end - expression.start
        raise error.at(expression.start, max(1, length)) from None
    except RecursionError:
        raise TemplateError("the template nests too deep") from None


def _call(call: Call, scope: Scope) -> Value:
    name = call.name.lower()
    if name == "lambda":
        return _lambda(call, scope)
    function = find_function(call.name)
    count = len(call.arguments)
    if not function.least <= count <= function.most:
        raise TemplateError(
            f"`{function.name}` takes {function.arity}, and has {count}", f"it is `{function.signature}`"
        )
    if name in _LAZY:
        return _LAZY[name](call.arguments, scope)
    arguments = [evaluate(argument, scope) for argument in call.arguments]
    if name not in _CHEAP:
        for argument in arguments:
            scope.names.budget.measure(argument)
    value = function.call(scope, *arguments) if function.needs_scope else function.call(*arguments)
    if not function.needs_scope and isinstance(value, str | list | dict):
        scope.names.budget.measure(value)
    return value


def _lambda(call: Call, scope: Scope) -> Value:
    if not call.arguments:
        raise TemplateError("`lambda` has no body", "it is `lambda('x', ...)`")
    *names, body = call.arguments
    parameters: list[str] = []
    for name in names:
        if not isinstance(name, Literal) or not isinstance(name.value, str):
            raise TemplateError("a parameter of `lambda` is a name in quotes", "it is `lambda('x', ...)`")
        parameters.append(name.value)

    def called(*values: Value) -> Value:
        return evaluate(body, scope.in_lambda(dict(zip(parameters, values, strict=True))))

    return Lambda(tuple(parameters), called)


def _if(arguments: Sequence[Expression], scope: Scope) -> Value:
    condition = as_bool(evaluate(arguments[0], scope), "`if`")
    return evaluate(arguments[1] if condition else arguments[2], scope)


def _and(arguments: Sequence[Expression], scope: Scope) -> Value:
    return all(as_bool(evaluate(argument, scope), "`and`") for argument in arguments)


def _or(arguments: Sequence[Expression], scope: Scope) -> Value:
    return any(as_bool(evaluate(argument, scope), "`or`") for argument in arguments)


def _coalesce(arguments: Sequence[Expression], scope: Scope) -> Value:
    values = (evaluate(argument, scope) for argument in arguments)
    return next((value for value in values if value is not None), None)


_LAZY: dict[str, Callable[[Sequence[Expression], Scope], Value]] = {
    "if": _if,
    "and": _and,
    "or": _or,
    "coalesce": _coalesce,
}


def _access(access: Access, scope: Scope) -> Value:
    base, index = evaluate(access.base, scope), evaluate(access.index, scope)
    if isinstance(base, dict) and isinstance(index, str):
        name = member(base, index)
        if name is not None:
            return base[name]
        raise TemplateError(f"there is no property `{index}`; {_named(base)}", _near(index, base)).at(*_place(access))
    if isinstance(base, list) and isinstance(index, int) and not isinstance(index, bool):
        if 0 <= index < len(base):
            return base[index]
        count = f"{len(base)} item{'' if len(base) == 1 else 's'}"
        raise TemplateError(f"there is no item {index}; there {'is' if len(base) == 1 else 'are'} {count}, from 0").at(
            *_place(access)
        )
    wanted = f"the property `{index}`" if isinstance(index, str) else f"an item by a value of type {type_name(index)}"
    hint = "use `tryGet` where it may be missing" if base is None else None
    raise TemplateError(f"a value of type {type_name(base)} does not have {wanted}", hint).at(*_place(access))


def _place(access: Access) -> tuple[int, int]:
    return access.index.start, max(1, access.index.end - access.index.start)


def _named(base: dict[str, Value]) -> str:
    names = list(base)[:_SHOWN_MAX]
    if not names:
        return "there are none"
    more = " and more" if len(base) > len(names) else ""
    return f"there {'is' if len(names) == 1 else 'are'} {enumerate_words(names)}{more}"


def _near(name: str, base: dict[str, Value]) -> str | None:
    near = closest(name, list(base)[:200])
    return f"did you mean `{near}`?" if near else None
