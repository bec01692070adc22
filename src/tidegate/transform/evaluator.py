"""From the tree of an expression to one closure over the values of its inputs. What has no value names its place.

Knows how nodes become calls. Does not know operators (`operators`) or functions (`functions`), nor where inputs come from.
"""

from collections.abc import Callable, Sequence

from tidegate.transform.functions import FUNCTIONS
from tidegate.transform.operators import OPERATORS, negate, turn_around
from tidegate.transform.syntax import Binary, Call, Literal, Node, TupleOf, Unary, Variable
from tidegate.transform.values import EvaluationError, Value

__all__ = ["Evaluate", "compile_node"]

Evaluate = Callable[[Sequence[Value]], Value]
"""From the values of `$1`, `$2` and so on to the value of the expression. Raises `EvaluationError`."""

_UNARY = {"-": negate, "!": turn_around}


def compile_node(node: Node) -> Evaluate:
    """Return the closure of a tree. All arguments are evaluated before a function is called, those of `if` too."""
    if isinstance(node, Literal):
        value = node.value
        return lambda inputs: value
    if isinstance(node, Variable):
        index = node.number - 1
        return lambda inputs: inputs[index]
    if isinstance(node, Unary):
        return _unary(node)
    if isinstance(node, Binary):
        return _chain(node)
    if isinstance(node, TupleOf):
        items = tuple(map(compile_node, node.items))
        return lambda inputs: tuple([item(inputs) for item in items])
    return _call(node)


def _unary(node: Unary) -> Evaluate:
    apply, operand, place = _UNARY[node.operator], compile_node(node.operand), node.place

    def evaluate(inputs: Sequence[Value]) -> Value:
        try:
            return apply(operand(inputs))
        except EvaluationError as error:
            raise error.at(place) from None

    return evaluate


def _chain(node: Binary) -> Evaluate:
    """Compile a chain of operators from left to right without one nest for each, for chains may be long."""
    steps: list[tuple[Callable[[Value, Value], Value], Evaluate, tuple[int, int]]] = []
    first: Node = node
    while isinstance(first, Binary):
        steps.append((OPERATORS[first.operator], compile_node(first.right), first.place))
        first = first.left
    steps.reverse()
    left = compile_node(first)
    if len(steps) == 1:
        return _binary(node, left, steps[0][1])

    def evaluate(inputs: Sequence[Value]) -> Value:
        value = left(inputs)
        for apply, right, place in steps:
            try:
                value = apply(value, right(inputs))
            except EvaluationError as error:
                raise error.at(place) from None
        return value

    return evaluate


def _binary(node: Binary, left: Evaluate, right: Evaluate) -> Evaluate:
    """Compile one operator; most expressions are one operator between an input and a literal."""
    apply, place = OPERATORS[node.operator], node.place
    if isinstance(node.left, Variable) and isinstance(node.right, Literal):
        index, value = node.left.number - 1, node.right.value

        def evaluate_literal(inputs: Sequence[Value]) -> Value:
            try:
                return apply(inputs[index], value)
            except EvaluationError as error:
                raise error.at(place) from None

        return evaluate_literal

    def evaluate(inputs: Sequence[Value]) -> Value:
        try:
            return apply(left(inputs), right(inputs))
        except EvaluationError as error:
            raise error.at(place) from None

    return evaluate


def _call(node: Call) -> Evaluate:
    name, apply, place = node.name, FUNCTIONS[node.name].call, node.place
    arguments = tuple(map(compile_node, node.arguments))
    if len(arguments) == 1:
        (only,) = arguments

        def evaluate_one(inputs: Sequence[Value]) -> Value:
            try:
                return apply(only(inputs))
            except EvaluationError as error:
                raise error.at(place, name) from None

        return evaluate_one

    def evaluate(inputs: Sequence[Value]) -> Value:
        try:
            return apply(*[argument(inputs) for argument in arguments])
        except EvaluationError as error:
            raise error.at(place, name) from None

    return evaluate
