"""What is known of a function of templates: its row, which parameters it has, and whether it needs to know the template.

Knows no function (`functions`).
"""

from dataclasses import dataclass

from tidegate.templates.values import Value
from tidegate.transform.function import Function

__all__ = ["TemplateFunction"]


@dataclass(frozen=True, slots=True)
class TemplateFunction(Function[Value]):
    """One function. `call` raises `TemplateError`; with `needs_scope` its first argument is the `scope.Scope`.

    `example` is an expression without its brackets, `result` is JSON; where the result is of the template, it is in words.
    """

    needs_scope: bool = False
