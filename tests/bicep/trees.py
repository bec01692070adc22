"""Random trees of Bicep, as hypothesis draws them."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tidegate.bicep.expression_parser import PRECEDENCE
from tidegate.bicep.syntax import (
    Array,
    Binary,
    Boolean,
    Call,
    Decorator,
    Expression,
    File,
    For,
    If,
    Index,
    Integer,
    Interpolated,
    Lambda,
    Member,
    Module,
    Name,
    Nested,
    NonNull,
    Null,
    Object,
    Output,
    Parameter,
    Property,
    Resource,
    Spread,
    Statement,
    Ternary,
    Text,
    Unary,
    Variable,
)
from tidegate.bicep.type_syntax import (
    ArrayType,
    LiteralType,
    NamedType,
    NullableType,
    ObjectType,
    Type,
    TypeProperty,
    UnionType,
)

NAMES = st.sampled_from(["a", "b2", "c_d", "eF", "name", "properties", "resourceGroup", "x"])
TEXTS = st.text(st.sampled_from("ab'\\${}\n\t é😀[]/"), max_size=5)
DEPTH = 3


@st.composite
def expressions(draw: DrawFn, depth: int = DEPTH) -> Expression:
    """Draw a value that nests at most so deep."""
    kinds = ["text", "int", "bool", "null", "name"]
    if depth:
        kinds += [
            "places",
            "object",
            "array",
            "unary",
            "binary",
            "ternary",
            "call",
            "member",
            "index",
            "nested",
            "non-null",
        ]
        kinds += ["lambda"]
    inner = expressions(depth - 1)
    match draw(st.sampled_from(kinds)):
        case "text":
            return Text(draw(TEXTS))
        case "int":
            return Integer(draw(st.integers(0, 2**63 - 1)))
        case "bool":
            return Boolean(draw(st.booleans()))
        case "null":
            return Null()
        case "places":
            values = draw(st.lists(inner, min_size=1, max_size=2))
            return Interpolated(tuple(draw(TEXTS) for _ in range(len(values) + 1)), tuple(values))
        case "object":
            return draw(objects(depth - 1))
        case "array":
            items = draw(st.lists(inner, max_size=2))
            spread = [Spread(draw(inner))] if draw(st.booleans()) else []
            return Array((*items, *spread))
        case "unary":
            return Unary(draw(st.sampled_from("!-")), draw(inner))
        case "binary":
            return Binary(draw(st.sampled_from(list(PRECEDENCE))), draw(inner), draw(inner))
        case "ternary":
            return Ternary(draw(inner), draw(inner), draw(inner))
        case "call":
            namespace = draw(st.sampled_from([None, "az", "sys"]))
            return Call(draw(NAMES), tuple(draw(st.lists(inner, max_size=2))), namespace)
        case "member":
            return Member(draw(bases(depth - 1)), draw(NAMES), draw(st.booleans()))
        case "index":
            return Index(draw(bases(depth - 1)), draw(inner), draw(st.booleans()))
        case "nested":
            return Nested(Name(draw(NAMES)), draw(NAMES))
        case "non-null":
            return NonNull(draw(bases(depth - 1)))
        case "lambda":
            return Lambda(tuple(draw(st.lists(NAMES, max_size=2))), draw(inner))
    return Name(draw(NAMES))


@st.composite
def bases(draw: DrawFn, depth: int) -> Expression:
    """Draw what properties are taken of."""
    if draw(st.booleans()):
        return Name(draw(NAMES))
    return Call(draw(NAMES), (draw(expressions(depth)),))


@st.composite
def objects(draw: DrawFn, depth: int = DEPTH) -> Object:
    """Draw an object whose names differ."""
    keys = draw(st.lists(st.one_of(NAMES, TEXTS), max_size=2, unique=True))
    properties = [Property(Text(key), draw(expressions(depth))) for key in keys]
    spread = [Spread(draw(expressions(depth)))] if draw(st.booleans()) else []
    return Object((*properties, *spread))


@st.composite
def bodies(draw: DrawFn, *, of_resource: bool) -> Expression:
    """Draw the body of a resource or module."""
    body = draw(objects(2))
    if of_resource and draw(st.booleans()):
        inner = Resource(name=draw(NAMES), type=Text("dataflowProfiles"), body=draw(objects(1)))
        body = Object(body.items, (inner,))
    made: Expression = If(draw(expressions(1)), body) if draw(st.booleans()) else body
    if draw(st.booleans()):
        return For(draw(NAMES), draw(st.sampled_from([None, "i"])), draw(expressions(1)), made)
    return made


@st.composite
def types(draw: DrawFn, depth: int = 2) -> Type:
    """Draw a type."""
    literals = st.one_of(st.builds(Text, TEXTS), st.builds(Integer, st.integers(0, 99))).map(LiteralType)
    kind = draw(st.sampled_from(["named", "literal", "union", "array", "nullable", "object"] if depth else ["named"]))
    match kind:
        case "literal":
            return draw(literals)
        case "union":
            return UnionType(tuple(draw(st.lists(literals, min_size=2, max_size=3))))
        case "array":
            return ArrayType(draw(types(depth - 1)))
        case "nullable":
            return NullableType(draw(types(depth - 1)))
        case "object":
            return ObjectType(
                tuple(TypeProperty(draw(NAMES), draw(types(depth - 1))) for _ in range(draw(st.integers(0, 2))))
            )
    return NamedType(draw(st.sampled_from(["string", "int", "bool", "object", "array"])))


@st.composite
def statements(draw: DrawFn) -> Statement:
    """Draw a statement."""
    name = draw(NAMES)
    decorators = tuple(
        Decorator(Call(draw(NAMES), tuple(draw(st.lists(expressions(1), max_size=1)))))
        for _ in range(draw(st.integers(0, 1)))
    )
    match draw(st.sampled_from(["param", "var", "loop", "output", "resource", "module"])):
        case "param":
            default = draw(st.one_of(st.none(), expressions(2)))
            return Parameter(name=name, type=draw(types()), default=default, decorators=decorators)
        case "var":
            return Variable(name=name, value=draw(expressions()), decorators=decorators)
        case "loop":
            loop = For(draw(NAMES), draw(st.sampled_from([None, "i"])), draw(expressions(1)), draw(expressions(1)))
            return Variable(name=name, value=loop, decorators=decorators)
        case "output":
            return Output(name=name, type=draw(types()), value=draw(expressions(2)), decorators=decorators)
        case "module":
            return Module(
                name=name, path=Text("./a.bicep"), body=draw(bodies(of_resource=False)), decorators=decorators
            )
    return Resource(
        name=name,
        type=Text("Microsoft.IoTOperations/instances@2024-11-01"),
        body=draw(bodies(of_resource=True)),
        is_existing=draw(st.booleans()),
        decorators=decorators,
    )


@st.composite
def files(draw: DrawFn) -> File:
    """Draw a file."""
    return File(tuple(draw(st.lists(statements(), max_size=3))))
