"""From files to a template with its parameters: Bicep or JSON, parameter files of both kinds, and what was typed.

Knows endings and the order in which values win. Does not know what becomes of the resources.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.bicep.compiler import compile_bicep
from tidegate.bicep.parameter_file import read_parameter_file
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.engine import files
from tidegate.engine.project_files import ProjectFiles
from tidegate.resources.source_map import SourceText
from tidegate.templates.environment import Environment
from tidegate.templates.given import Given, read_parameters
from tidegate.templates.masking import masked
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import Evaluation, evaluate_template, read_template

__all__ = ["TemplateFile", "evaluate_files", "read_template_file"]

BICEP = ".bicep"
BICEP_PARAMETERS = ".bicepparam"


@dataclass(slots=True)
class TemplateFile:
    """A template that was read. `template` is None when any finding is an error; `lines` are texts to show findings with."""

    template: SourcedNode | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)


def read_template_file(path: str) -> TemplateFile:
    """Read a template, compiled where its name ends in `.bicep`. Blocks on files; raises nothing about what they hold."""
    made = TemplateFile()
    source = _read(path, made)
    if source is None:
        return made
    if path.endswith(BICEP):
        compiled = compile_bicep(source, ProjectFiles(Path(path)).read)
        made.template = compiled.template
        made.diagnostics += compiled.diagnostics
        made.lines |= {name: each.text for name, each in compiled.sources.items()}
    else:
        made.template, found = read_template(source)
        made.diagnostics += found
    return made


def evaluate_files(
    path: str,
    parameters: Sequence[str | Mapping[str, Given]] = (),
    environment: Environment | None = None,
) -> tuple[Evaluation | None, TemplateFile]:
    """Evaluate a template with parameter files, and with values by name; what comes later wins.

    Returns:
        What it makes, None when it could not be read; and what was read, with all findings.
    """
    read = read_template_file(path)
    given: dict[str, Given] = {}
    for each in parameters:
        given |= _parameters(each, read) if isinstance(each, str) else each
    if read.template is None or has_errors(read.diagnostics):
        return None, read
    made = evaluate_template(read.template, given, environment)
    read.diagnostics += made.diagnostics
    read.lines = masked(read.lines, made.secrets)
    return made, read


def _parameters(path: str, read: TemplateFile) -> dict[str, Given]:
    source = _read(path, read)
    if source is None:
        return {}
    if path.endswith(BICEP_PARAMETERS):
        made = read_parameter_file(source, ProjectFiles(Path(path)).read)
        read.diagnostics += made.diagnostics
        return made.given
    given, found = read_parameters(source)
    read.diagnostics += found
    return given


def _read(path: str, into: TemplateFile) -> SourceText | None:
    sources, unreadable = files.read([path])
    into.diagnostics += unreadable
    if not sources or not Path(path).is_file():
        if sources:
            message = "this is a folder; a template is one file"
            into.diagnostics.append(Diagnostic("error", "template", f"{path}: {message}"))
        return None
    into.lines[sources[0].file] = sources[0].text
    return sources[0]
