"""Values by name, each computed when it is first asked for, and once; a circle is an error.

Knows what is being computed. Does not know how.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from tidegate.templates.template_error import TemplateError, TemplateFailed

__all__ = ["Computed"]

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Computed(Generic[KeyT, ValueT]):
    """Values of one kind. What has failed once fails again, without another finding."""

    def __init__(self, compute: Callable[[KeyT], ValueT], kind: str, label: Callable[[KeyT], str] = str) -> None:
        self._compute = compute
        self._kind = kind
        self._label = label
        self._values: dict[KeyT, ValueT] = {}
        self._failed: set[KeyT] = set()
        self._asked: list[KeyT] = []

    def get(self, key: KeyT) -> ValueT:
        """Return a value.

        Raises:
            TemplateError: it needs itself.
            TemplateFailed: it cannot be computed; the finding is recorded.
        """
        if key in self._values:
            return self._values[key]
        if key in self._failed:
            raise TemplateFailed
        if key in self._asked:
            circle = " → ".join(f"`{self._label(each)}`" for each in (*self._asked[self._asked.index(key) :], key))
            raise TemplateError(f"the {self._kind} `{self._label(key)}` needs itself: {circle}", "cut the circle")
        self._asked.append(key)
        try:
            value = self._compute(key)
        except TemplateFailed:
            self._failed.add(key)
            raise
        finally:
            self._asked.pop()
        self._values[key] = value
        return value
