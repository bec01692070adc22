"""Bicep bound and ready for emitters, for their tests."""

from tidegate.bicep.binder import bind
from tidegate.bicep.expression_emitter import ExpressionEmitter
from tidegate.bicep.parser import parse
from tidegate.bicep.symbols import Symbols
from tidegate.bicep.syntax import Call, Expression, Output
from tidegate.templates.expression_syntax import Literal


def bound(text: str) -> tuple[Symbols, Expression]:
    """Return the symbols of a text, and the value of its last statement, which is an output."""
    parsed = parse(text)
    assert parsed.errors == ()
    symbols, errors = bind(parsed)
    assert errors == []
    last = parsed.file.statements[-1]
    assert isinstance(last, Output)
    return symbols, last.value


def loaded(call: Call) -> Literal:
    """Stand for what a file says."""
    return Literal(f"content of {call.name}")


def emitter(symbols: Symbols) -> ExpressionEmitter:
    """Return an emitter."""
    return ExpressionEmitter(symbols, loaded)
