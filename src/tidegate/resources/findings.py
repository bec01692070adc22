"""What pydantic found, as our own diagnostics: where, what is there, what is allowed, what was probably meant.

Knows models by their fields, and the place of every value. Does not know rules across fields (`references`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from tidegate.diagnostics import Diagnostic, Span
from tidegate.resources.base import Model
from tidegate.resources.source_map import FieldPath, Json, Place

__all__ = ["closest", "diagnose", "enumerate_words", "show"]

_SHOWN_MAX = 40
_MEANT = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "`true` or `false`",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def diagnose(
    errors: Sequence[ErrorDetails], model: type[Model], place: Place, resource: str, *, is_secret: bool
) -> Iterator[Diagnostic]:
    """Turn the errors of one resource into diagnostics. Of a secret, no value is shown."""
    wrong = [tuple(error["loc"]) for error in errors]
    for error in errors:
        path: FieldPath = tuple(error["loc"])
        node = place.find(path)
        # pydantic counts only the entries that validate.
        if error["type"] == "too_short" and any(each[: len(path)] == path and each != path for each in wrong):
            continue
        if node is None or not node.is_faulty:
            yield _Finding(error, path, model, place, resource, is_secret).diagnostic()


def closest(word: str, allowed: Sequence[str]) -> str | None:
    """Return what was probably meant by `word`: the same in another case, or something near; None when nothing is."""
    same = [each for each in allowed if each.lower() == word.lower()]
    near = same or get_close_matches(word, allowed, n=1, cutoff=0.6)
    if not near:
        folded = {each.lower(): each for each in allowed}
        near = [folded[each] for each in get_close_matches(word.lower(), list(folded), n=1, cutoff=0.75)]
    return near[0] if near else None


def enumerate_words(words: Sequence[str]) -> str:
    """Join words for a sentence: `a`, `a and b`, `a, b and c`; of none, `none`."""
    if not words:
        return "none"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def show(value: Json) -> str:
    """Write a value for a sentence, cut where it is long."""
    if isinstance(value, str):
        return f"`{value[:_SHOWN_MAX]}…`" if len(value) > _SHOWN_MAX else f"`{value}`" if value else "empty"
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return json.dumps(value)[:_SHOWN_MAX]


class _Finding:
    def __init__(
        self, error: ErrorDetails, path: FieldPath, model: type[Model], place: Place, resource: str, is_secret: bool
    ) -> None:
        self.type = error["type"]
        self.context = error.get("ctx", {})
        self.path = path
        self.name = next((step for step in reversed(place.named(path)) if isinstance(step, str)), resource)
        if path and isinstance(path[-1], int):
            self.name += f"[{path[-1]}]"
        self.model = model
        self.place = place
        self.resource = resource
        node = place.find(path)
        self.value = node.plain() if node is not None else None
        self.shown = "a value that is not shown" if is_secret else show(self.value)
        self.is_secret = is_secret

    def diagnostic(self) -> Diagnostic:
        handler = getattr(self, f"_{self.type}", None)
        if handler is not None:
            made: Diagnostic = handler()
            return made
        if self.type in _MEANT:
            return self._wrong_type()
        if "detail" in self.context:
            return self._of_our_own()
        return self._error("invalid-value", f"{self.name} is {self.shown}, which is not allowed")

    def _extra_forbidden(self) -> Diagnostic:
        parent = _model_at(self.model, self.path[:-1])
        allowed = _aliases(parent) if parent else []
        where = self.place.path_text(self.path[:-1]) or "a resource"
        unknown = str(self.path[-1])
        meant = closest(unknown, allowed)
        hint = f"did you mean `{meant}`?" if meant else None
        elsewhere = next(_paths_of(self.model, unknown), None) if meant is None else None
        if elsewhere is not None:
            hint = f"`{unknown}` belongs in {self.place.path_text(elsewhere)}"
        message = f"`{unknown}` is no field of {where}; {_allowed(allowed) if allowed else 'it has none'}"
        return self._error("unknown-field", message, hint, self.place.key_span(self.path))

    def _missing(self) -> Diagnostic:
        where = self.place.path_text(self.path[:-1]) or self.resource
        field = _field_at(self.model, self.path)
        name = self.place.named(self.path)[-1]
        hint = f"add `{name}`"
        if field is not None and field.description:
            hint += f": {field.description[0].lower()}{field.description[1:].rstrip('.')}"
        return self._error("missing-field", f"{where} has no {name}, which is required", hint)

    def _literal_error(self) -> Diagnostic:
        field = _field_at(self.model, self.path)
        allowed = _literals(field.annotation) if field is not None else []
        meant = closest(self.value, allowed) if isinstance(self.value, str) else None
        hint = None
        if meant is not None:
            same = isinstance(self.value, str) and meant.lower() == self.value.lower()
            hint = f"write `{meant}`; upper and lower case matter" if same else f"did you mean `{meant}`?"
        return self._error("not-allowed", f"{self.name} is {self.shown}; {_allowed(allowed)}", hint)

    def _greater_than_equal(self) -> Diagnostic:
        return self._error("out-of-range", f"{self.name} is {self.shown}; {self._range()}")

    _less_than_equal = _greater_than_equal

    def _string_too_short(self) -> Diagnostic:
        return self._error("out-of-range", f"{self.name} is empty; at least one character is needed")

    def _string_too_long(self) -> Diagnostic:
        length = len(self.value) if isinstance(self.value, str) else 0
        message = f"{self.name} has {length} characters; allowed are {self.context['max_length']}"
        return self._error("out-of-range", message)

    def _too_short(self) -> Diagnostic:
        return self._error("out-of-range", f"{self.name} is empty; at least one is needed")

    def _too_long(self) -> Diagnostic:
        most = self.context["max_length"]
        message = (
            f"{self.name} has {self.context['actual_length']} entries; allowed {'is' if most == 1 else 'are'} {most}"
        )
        return self._error("out-of-range", message)

    def _wrong_type(self) -> Diagnostic:
        meant = _MEANT[self.type]
        kind = {bool: ", a boolean", int: ", a number", float: ", a number", str: ", a text"}.get(type(self.value), "")
        if self.value in (None, "") or self.is_secret:
            kind = ""
        hint = None
        if meant == "a text" and kind:
            hint = f'write it in quotes: `"{self.shown}"`'
        elif meant == "a text" and self.is_secret:
            hint = "write it in quotes"
        elif meant == "a whole number" and isinstance(self.value, str) and self.value.strip().isdecimal():
            hint = f"write it without quotes: `{self.value.strip()}`"
        elif meant == "a list":
            hint = "begin each entry with `- `"
        elif meant == "a mapping":
            parent = _model_at(self.model, self.path)
            if parent is not None and _aliases(parent):
                hint = f"its fields are {enumerate_words(_aliases(parent))}"
        return self._error("wrong-type", f"{self.name} is {self.shown}{kind}; allowed is {meant}", hint)

    def _of_our_own(self) -> Diagnostic:
        context = self.context
        path = (*self.path, context["field"]) if context.get("field") else self.path
        if context.get("index"):
            path = (*path, *context["index"])
        span = self.place.key_span(path) if "field" in context else self.place.span(path)
        if "offset" in context:
            span = self.place.span_within(path, context["offset"], context["length"])
        code = self.type.replace("_", "-")
        self.path = path
        message = (
            f"{self.name} is {self.shown}: {context['detail']}" if self.type in ("host", "name") else context["detail"]
        )
        return self._error(code, message, context.get("hint") or None, span)

    def _range(self) -> str:
        field = _field_at(self.model, self.path)
        low: Any = self.context.get("ge")
        high: Any = self.context.get("le")
        for rule in field.metadata if field is not None else ():
            if isinstance(rule, annotated_types.Ge):
                low = rule.ge
            elif isinstance(rule, annotated_types.Le):
                high = rule.le
        if high is None:
            return f"allowed are {low} and more"
        return f"allowed are {low} and {high}" if high == low + 1 else f"allowed are {low} to {high}"

    def _error(self, code: str, message: str, hint: str | None = None, span: Span | None = None) -> Diagnostic:
        span = span or self.place.span(self.path)
        return Diagnostic("error", code, message, self.place.path_text(self.path), self.resource, span, hint)


def _allowed(words: Sequence[str]) -> str:
    return f"allowed {'are' if len(words) > 1 else 'is'} {enumerate_words(words)}"


def _aliases(model: type[BaseModel]) -> list[str]:
    """Return the fields people write; those of type Any are for clusters, or kept without being read."""
    return [field.alias or name for name, field in model.model_fields.items() if field.annotation is not Any]


def _field_at(model: type[BaseModel], path: FieldPath) -> FieldInfo | None:
    steps = [step for step in path if isinstance(step, str)]
    parent = _model_at(model, tuple(steps[:-1]))
    if parent is None or not steps:
        return None
    return next((field for name, field in parent.model_fields.items() if (field.alias or name) == steps[-1]), None)


def _model_at(model: type[BaseModel], path: FieldPath) -> type[BaseModel] | None:
    """Return the model of the value at a path, None when that is no model."""
    for step in path:
        if isinstance(step, int):
            continue
        field = next((each for name, each in model.model_fields.items() if (each.alias or name) == step), None)
        found = _model_in(field.annotation) if field is not None else None
        if found is None:
            return None
        model = found
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:  # Any: a type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _literals(annotation: Any) -> list[str]:  # Any: a type expression
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    if get_origin(annotation) in (Union, UnionType):
        return [word for part in get_args(annotation) if part is not NoneType for word in _literals(part)]
    return []


def _paths_of(model: type[BaseModel], alias: str, above: FieldPath = ()) -> Iterator[FieldPath]:
    """Yield the paths of the models that do have a field of this name."""
    for name, field in model.model_fields.items():
        here = field.alias or name
        below = _model_in(field.annotation)
        if below is not None:
            if alias in _aliases(below):
                yield (*above, here)
            yield from _paths_of(below, alias, (*above, here))
