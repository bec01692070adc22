"""What is known of a function of a language: its row.

Knows names, parameters and how many arguments they take. Does not know any function, or what values are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["ANY_NUMBER", "Function"]

ValueT = TypeVar("ValueT")

ANY_NUMBER = 1_000
"""How many arguments those functions take that take any number."""


@dataclass(frozen=True, slots=True)
class Function(Generic[ValueT]):
    """One function. `call` raises the error of its language for what it does not take; `example` evaluates to `result`."""

    group: str
    signature: str
    summary: str
    example: str
    result: str
    call: Callable[..., ValueT]
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name, with its prefix."""
        return self.signature.partition("(")[0]

    @property
    def parameters(self) -> list[str]:
        """The parameters as the signature has them; one in square brackets may be left out."""
        inside = self.signature.partition("(")[2].rstrip(")")
        return [each.strip() for each in inside.split(",")] if inside else []

    @property
    def least(self) -> int:
        """How many arguments there have to be."""
        return sum(not each.startswith("[") and each != "..." for each in self.parameters)

    @property
    def most(self) -> int:
        """How many arguments there may be."""
        return ANY_NUMBER if "..." in self.parameters else len(self.parameters)

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.most == ANY_NUMBER:
            return f"{self.least} or more arguments"
        if self.most > self.least:
            return f"{self.least} or {self.most} arguments"
        if not self.most:
            return "no argument"
        return "1 argument" if self.least == 1 else f"{self.least} arguments"
