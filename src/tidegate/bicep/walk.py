"""Going through trees: what a value consists of.

Knows the parts of each kind of value. Does not know what they mean.
"""

from collections.abc import Iterator

from tidegate.bicep.syntax import (
    Array,
    Binary,
    Call,
    Expression,
    For,
    If,
    Index,
    Interpolated,
    Lambda,
    Member,
    Nested,
    NonNull,
    Object,
    Property,
    Resource,
    Spread,
    Ternary,
    Unary,
)

__all__ = ["children", "unwrapped"]


def children(node: Expression) -> Iterator[Expression]:
    """Yield the values that a value directly consists of; those of resources inside of it are not among them."""
    match node:
        case Interpolated(values=values) | Call(arguments=values):
            yield from values
        case Array(items=items):
            yield from (item.value if isinstance(item, Spread) else item for item in items)
        case Object(items=properties):
            for item in properties:
                if isinstance(item, Property) and isinstance(item.key, Interpolated):
                    yield item.key
                yield item.value
        case Unary(operand=one) | Member(base=one) | Nested(base=one) | NonNull(base=one) | Lambda(body=one):
            yield one
        case Binary(left=left, right=right) | Index(base=left, index=right):
            yield left
            yield right
        case Ternary(condition=condition, then=then, otherwise=otherwise):
            yield from (condition, then, otherwise)
        case If(condition=condition, body=body):
            yield from (condition, body)
        case For(values=values_of, body=body_of):
            yield values_of
            yield body_of
        case _:
            return


def unwrapped(resource: Resource) -> tuple[For | None, Expression | None, Object | None]:
    """Return the loop, the condition and the object of a resource's body; None for what is not there."""
    body: Expression = resource.body
    loop = body if isinstance(body, For) else None
    if loop is not None:
        body = loop.body
    condition = body.condition if isinstance(body, If) else None
    if isinstance(body, If):
        body = body.body
    return loop, condition, body if isinstance(body, Object) else None
