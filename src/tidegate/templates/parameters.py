"""The parameters of one template: declared, given, defaulted and checked.

Knows what becomes of a value that is missing, superfluous or wrong. Does not know resources.
"""

from collections.abc import Mapping

from tidegate.diagnostics import Diagnostic
from tidegate.resources.findings import closest
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.computed import Computed
from tidegate.templates.expander import Findings, expand
from tidegate.templates.given import Given, convert_text
from tidegate.templates.parameter_types import ParameterType, problems, read_type
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateError, TemplateFailed
from tidegate.templates.values import Value, value_of

__all__ = ["Parameters"]


class Parameters:
    """The parameters that `declared`, the value of `parameters`, has; `given` are values by name."""

    def __init__(
        self, declared: Node | None, source: SourceText, given: Mapping[str, Given], scope: Scope, findings: Findings
    ) -> None:
        self._nodes = declared.value if declared is not None and isinstance(declared.value, dict) else {}
        self._keys = declared.keys if declared is not None else {}
        self._source = source
        self._given = {name.lower(): (name, value) for name, value in given.items()}
        self._scope = scope
        self._findings = findings
        self._types: Computed[str, ParameterType] = Computed(self._read_type, "parameter")
        self._values: Computed[str, Value] = Computed(self._compute, "parameter")

    def get(self, name: str) -> Value:
        """Return a value. Raises `TemplateError` where nobody declared it, `TemplateFailed` where it is faulty."""
        known = next((each for each in self._nodes if each.lower() == name.lower()), None)
        if known is None:
            near = closest(name, list(self._nodes))
            raise TemplateError(f"there is no parameter `{name}`", f"did you mean `{near}`?" if near else "declare it")
        return self._values.get(known)

    def check(self) -> bool:
        """Compute all, and return whether all are right; say which were given and not declared."""
        is_right = True
        names = {name.lower() for name in self._nodes}
        for name, value in self._given.values():
            if name.lower() not in names:
                near = closest(name, list(self._nodes))
                hint = f"did you mean `{near}`?" if near else "declare it, or leave it out"
                self._error(f"the template has no parameter `{name}`", value, hint)
                is_right = False
        for name in self._nodes:
            try:
                self._values.get(name)
            except TemplateFailed:
                is_right = False
        return is_right

    def _read_type(self, name: str) -> ParameterType:
        return read_type(self._nodes[name], self._source, self._findings)

    def _compute(self, name: str) -> Value:
        declared = self._types.get(name)
        node = self._nodes[name]
        default = node.child("defaultValue")
        _, given = self._given.get(name.lower(), ("", None))
        if declared.is_secret:
            places = [given.place] if given is not None else []
            places += [Place(self._source, default)] if default is not None else []
            self._findings.secrets += [place for place in places if place is not None]
        if given is None:
            if default is None:
                if declared.is_nullable:
                    return None
                at = Node(name, *self._keys.get(name, (node.start, node.start + 1)), "folded")
                message = f"the parameter {name} has no value, and no default"
                hint = f"give it with `--parameters {name}=...`, or in a parameter file"
                raise self._findings.fail(message, at, self._source, hint, "missing-parameter")
            value = value_of(expand(default, self._scope, self._source, self._findings))
            found = next(problems(value, declared, name), None)
            if found is not None:
                raise self._findings.fail(found, default, self._source, None, "parameter")
            return value
        return self._checked(name, given, declared)

    def _checked(self, name: str, given: Given, declared: ParameterType) -> Value:
        value = given.value
        if given.is_typed and isinstance(value, str):
            shown = "is not shown, and" if declared.is_secret else f"is `{value[:40]}`, which"
            try:
                value = convert_text(value, declared.plain_type)
            except TemplateError:
                raise self._error(f"{name} {shown} is no value of type {declared.type}", given) from None
        found = list(problems(value, declared, name))
        for sentence in found:
            self._error(sentence, given)
        if found:
            raise TemplateFailed
        return value

    def _error(self, message: str, given: Given, hint: str | None = None) -> TemplateFailed:
        place = given.place
        if place is not None:
            return self._findings.fail(message, place.root, place.source, hint, "parameter")
        self._findings.diagnostics.append(Diagnostic("error", "parameter", message, hint=hint))
        return TemplateFailed()
