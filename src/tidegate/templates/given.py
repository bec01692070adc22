"""Values that parameters are given: from parameter files, and from words such as `name=value`.

Knows both forms. Does not know what a template declares (`parameter_types`), or files.
"""

from dataclasses import dataclass

from tidegate.diagnostics import Diagnostic
from tidegate.resources.json_text import without_comments
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.resources.yaml_text import read_documents
from tidegate.templates.values import Value, from_json, value_of

__all__ = ["Given", "convert_text", "read_json", "read_parameters"]


@dataclass(frozen=True, slots=True)
class Given:
    """One value. `place` is where it stands, where that is a text; a typed one (`is_typed`) is converted to its type."""

    value: Value
    place: Place | None = None
    is_typed: bool = False


def read_json(source: SourceText) -> tuple[Node | None, list[Diagnostic]]:
    """Read JSON that may hold comments; None, with findings, where it is none."""
    plain = SourceText(source.file, without_comments(source.text))
    documents, diagnostics, is_whole = read_documents(plain)
    if not is_whole or len(documents) != 1 or any(each.level == "error" for each in diagnostics):
        if not diagnostics:
            message = "the text holds no JSON" if not documents else "the text holds more than one value"
            diagnostics = [Diagnostic("error", "syntax", message, span=source.span(0, 1))]
        return None, diagnostics
    return documents[0], diagnostics


def read_parameters(source: SourceText) -> tuple[dict[str, Given], list[Diagnostic]]:
    """Read a parameter file: `{"parameters": {"name": {"value": ...}}}`, or the inner object alone."""
    root, diagnostics = read_json(source)
    if root is None:
        return {}, diagnostics
    inner = root.child("parameters") or root
    if not isinstance(inner.value, dict):
        message = "a parameter file is an object with `parameters`"
        return {}, [Diagnostic("error", "parameters", message, span=source.span(root.start, root.start + 1))]
    given: dict[str, Given] = {}
    for name, child in inner.value.items():
        if inner is root and name in ("$schema", "contentVersion"):
            continue
        value = child.child("value")
        at = inner.keys.get(name, (child.start, child.start + 1))
        if value is None:
            message, hint = f"the parameter {name} has no value", f'write "{name}": {{"value": ...}}'
            if child.child("reference") is not None:
                message = f"the parameter {name} refers to a key vault, which is not there"
                hint = "give its value"
            diagnostics.append(Diagnostic("error", "parameters", message, span=source.span(*at), hint=hint))
        else:
            given[name] = Given(value_of(value), Place(source, value))
    return given, diagnostics


def convert_text(text: str, plain_type: str) -> Value:
    """Return the value that was typed for a parameter of a type. Raises `TemplateError` where it is none."""
    if plain_type == "string":
        return text
    if plain_type == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    return from_json(text, f"a parameter of type {plain_type}")
