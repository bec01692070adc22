"""Golden cases: templates, in JSON or Bicep, and what they make. The README files of the folders have the form."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tidegate.bicep.compiler import compile_bicep
from tidegate.bicep.parameter_file import read_parameter_file
from tidegate.cli.output import render_diagnostics
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.resources.arm import parse
from tidegate.resources.finding_list import in_order
from tidegate.resources.source_map import SourceText
from tidegate.templates.environment import Environment
from tidegate.templates.given import Given, read_parameters
from tidegate.templates.masking import masked
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import Evaluation, evaluate_template, read_template

CASES = Path(__file__).parent.parent / "cases"
EXPECTED = "=== expected ===\n"

_SECTION = re.compile(r"^=== (file|parameters|set|show) (.+) ===\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One case file, read. `files` has the main one first; `values` are typed parameters."""

    files: Mapping[str, str]
    parameter_files: tuple[str, ...]
    values: Mapping[str, str]
    shows_template: bool
    expected: str

    def read(self, file: str) -> SourceText | str:
        """Read a file as a project's files are read."""
        return SourceText(file, self.files[file]) if file in self.files else "there is no such file"

    def found(self) -> str:
        """Return what is found and made."""
        main = next(iter(self.files))
        template, diagnostics = self._template(SourceText(main, self.files[main]))
        given: dict[str, Given] = {}
        for file in self.parameter_files:
            more, found = self._parameters(file)
            given |= more
            diagnostics = (*diagnostics, *found)
        given |= {name: Given(value, is_typed=True) for name, value in self.values.items()}
        if template is None or has_errors(diagnostics):
            return self._render(diagnostics)
        if self.shows_template:
            return self._render(diagnostics) + json.dumps(template.plain(), indent=2, ensure_ascii=False) + "\n"
        made = evaluate_template(template, given, Environment(now_seconds=1_790_000_000.0))
        declared = parse(made.resources) if not has_errors(made.diagnostics) else None
        across = declared.diagnostics if declared is not None else ()
        lines = masked(self.files, made.secrets)
        text = render_diagnostics(in_order((*diagnostics, *made.diagnostics, *across)), lines)
        return text if has_errors(made.diagnostics) else text + written(made)

    def _template(self, source: SourceText) -> tuple[SourcedNode | None, tuple[Diagnostic, ...]]:
        if source.file.endswith(".json"):
            template, found = read_template(source)
            return template, tuple(found)
        compiled = compile_bicep(source, self.read)
        return compiled.template, compiled.diagnostics

    def _parameters(self, file: str) -> tuple[dict[str, Given], Iterable[Diagnostic]]:
        source = SourceText(file, self.files[file])
        if file.endswith(".json"):
            return read_parameters(source)
        read = read_parameter_file(source, self.read)
        return read.given, read.diagnostics

    def _render(self, diagnostics: Iterable[Diagnostic]) -> str:
        return render_diagnostics(diagnostics, self.files)


def written(made: Evaluation) -> str:
    """Write what a template made: a line and the rest of the body for each resource, then the outputs."""
    text = ""
    for resource in made.resources:
        text += f"{resource.type} {'/'.join(resource.names)} @{resource.api_version}\n"
        root = resource.place.root.plain()
        assert isinstance(root, Mapping)
        body = {name: value for name, value in root.items() if name not in ("type", "name", "apiVersion")}
        text += json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    for name, output in made.outputs.items():
        shown = "not shown" if output.is_secret else json.dumps(output.value, ensure_ascii=False)
        text += f"output {name}: {shown}\n"
    return text or "nothing\n"


def read_case(path: Path, main: str) -> Case:
    """Read a case file, whose first part is the file `main`."""
    given, marker, expected = path.read_text(encoding="utf-8").partition(EXPECTED)
    assert marker, f"{path.name} has no line `{EXPECTED.strip()}`"
    parts = _SECTION.split(given)
    files = {main: parts[0]}
    parameter_files: list[str] = []
    values: dict[str, str] = {}
    shows_template = False
    for word, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if word == "set":
            key, _, value = name.partition("=")
            values[key] = value
        elif word == "show":
            assert name == "template"
            shows_template = True
        else:
            files[name] = body
            parameter_files += [name] if word == "parameters" else []
    return Case(files, tuple(parameter_files), values, shows_template, expected)
