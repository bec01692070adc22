"""The variables of one template, those that a copy makes among them.

Knows where each is declared. Does not know parameters or resources: the scope does.
"""

from tidegate.resources.findings import closest
from tidegate.resources.source_map import Node, SourceText
from tidegate.templates.computed import Computed
from tidegate.templates.expander import Findings, copies, expand
from tidegate.templates.scope import Scope
from tidegate.templates.template_error import TemplateError, TemplateFailed
from tidegate.templates.values import Value, value_of

__all__ = ["Variables"]


class Variables:
    """The variables that `declared`, the value of `variables`, has."""

    def __init__(self, declared: Node | None, source: SourceText, scope: Scope, findings: Findings) -> None:
        nodes = dict(declared.value) if declared is not None and isinstance(declared.value, dict) else {}
        loops = nodes.get("copy")
        self._loops: dict[str, Node] = {}
        if loops is not None and isinstance(loops.value, list):
            del nodes["copy"]
            for loop in loops.value:
                name = loop.child("name")
                if name is None or not isinstance(name.value, str) or loop.child("input") is None:
                    findings.fail("a copy has a name, a count and an input", loop, source)
                else:
                    self._loops[name.value] = loop
        self._nodes = nodes
        self._source = source
        self._scope = scope
        self._findings = findings
        self._values = Computed(self._compute, "variable")

    def get(self, name: str) -> Value:
        """Return a value. Raises `TemplateError` where nobody declared it, `TemplateFailed` where it is faulty."""
        names = [*self._nodes, *self._loops]
        known = next((each for each in names if each.lower() == name.lower()), None)
        if known is None:
            near = closest(name, names)
            raise TemplateError(f"there is no variable `{name}`", f"did you mean `{near}`?" if near else "declare it")
        return self._values.get(known)

    def all(self) -> dict[str, Value]:
        """Compute all, so that what is wrong with those that nobody uses is found too; leave out what is faulty."""
        made: dict[str, Value] = {}
        for name in (*self._nodes, *self._loops):
            try:
                made[name] = self._values.get(name)
            except TemplateFailed:
                continue
        return made

    def _compute(self, name: str) -> Value:
        if name in self._nodes:
            return value_of(expand(self._nodes[name], self._scope, self._source, self._findings))
        loop = self._loops[name]
        given = loop.child("input")
        assert given is not None
        rounds = copies(loop, self._scope, self._source, self._findings)
        return [
            value_of(expand(given, self._scope.in_copy(name, index), self._source, self._findings))
            for index in range(rounds)
        ]
