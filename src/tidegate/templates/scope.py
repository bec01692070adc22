"""What names mean at one place of a template: parameters, variables, resources, the rounds of copies, lambdas' parameters.

Knows how places differ. Does not know how any of these is computed (`deployment`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from tidegate.templates.environment import Environment
from tidegate.templates.limits import Budget
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value

__all__ = ["Names", "Scope"]


class Names(Protocol):
    """What a template declares. Each raises `TemplateError` for what is not there, `TemplateFailed` for what is faulty."""

    @property
    def environment(self) -> Environment:
        """Where it is deployed to."""

    @property
    def budget(self) -> Budget:
        """What evaluation may still spend."""

    def parameter(self, name: str) -> Value:
        """Return the value of a parameter."""

    def variable(self, name: str) -> Value:
        """Return the value of a variable."""

    def reference(self, name: str, *, is_whole: bool) -> Value:
        """Return a resource's properties, or the whole of it, by its symbolic name, its name or its id."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One place. `copies` has the rounds of the loops around by their names, the innermost last."""

    names: Names
    copies: Mapping[str, int] = field(default_factory=dict)
    lambdas: Mapping[str, Value] = field(default_factory=dict)

    def in_copy(self, name: str, index: int) -> "Scope":
        """Return the scope of one round of a loop."""
        return replace(self, copies={**{other: at for other, at in self.copies.items() if other != name}, name: index})

    def in_lambda(self, values: Mapping[str, Value]) -> "Scope":
        """Return the scope of a lambda's body."""
        return replace(self, lambdas={**self.lambdas, **values})

    def copy_index(self, name: str | None) -> int:
        """Return the round of a loop; of the innermost without a name."""
        if not self.copies:
            raise TemplateError("`copyIndex` stands outside of a copy", "it counts the rounds of the `copy` around it")
        if name is None:
            return list(self.copies.values())[-1]
        if name not in self.copies:
            there = ", ".join(f"`{each}`" for each in self.copies)
            raise TemplateError(f"there is no copy `{name}` around; there is {there}")
        return self.copies[name]

    def lambda_variable(self, name: str) -> Value:
        """Return what a lambda was called with."""
        if name not in self.lambdas:
            raise TemplateError(f"there is no parameter `{name}` of a lambda around")
        return self.lambdas[name]
