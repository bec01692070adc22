"""What is not wrong, and probably not meant either: names that nobody uses.

Knows declarations and uses. Does not know errors (`binder`).
"""

from collections.abc import Iterator

from tidegate.bicep.symbols import Symbols
from tidegate.bicep.syntax import File, Parameter, Variable
from tidegate.diagnostics import Diagnostic
from tidegate.resources.source_map import SourceText

__all__ = ["lints"]

_WORDS = {Parameter: ("unused-parameter", "parameter"), Variable: ("unused-variable", "variable")}


def lints(file: File, symbols: Symbols, source: SourceText) -> Iterator[Diagnostic]:
    """Yield a warning for each parameter and variable without a use."""
    for statement in file.statements:
        if isinstance(statement, Parameter | Variable) and statement.name not in symbols.used:
            code, word = _WORDS[type(statement)]
            span = source.span(statement.name_start, statement.name_start + len(statement.name))
            message = f"the {word} `{statement.name}` is never used"
            yield Diagnostic("warning", f"bicep-{code}", message, span=span, hint="use it, or remove it")
