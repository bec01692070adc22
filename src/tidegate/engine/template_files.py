"""From files to a template with its parameters: Bicep or JSON, parameter files of both kinds, and what was typed.

Knows endings, the order in which values win, and which template parameters are for. Does not know what becomes of the resources.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.bicep.compiler import Reader, compile_bicep
from tidegate.bicep.parameter_file import UsedTemplate, read_parameter_file
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.engine import files
from tidegate.engine.project_files import ProjectFiles
from tidegate.resources.source_map import SourceText
from tidegate.templates.environment import Environment
from tidegate.templates.given import Given, read_parameters
from tidegate.templates.masking import masked
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import Evaluation, evaluate_template, read_template

__all__ = ["TemplateFile", "evaluate_files", "read_files", "read_template_file"]

BICEP = ".bicep"
BICEP_PARAMETERS = ".bicepparam"


@dataclass(slots=True)
class TemplateFile:
    """A template that was read, with what its parameters are given.

    `path` is empty where nobody named a template, `template` is None when any finding is an error; `lines` are texts to
    show findings with.
    """

    path: str = ""
    template: SourcedNode | None = None
    given: dict[str, Given] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)


def read_template_file(path: str) -> TemplateFile:
    """Read a template, compiled where its name ends in `.bicep`. Blocks on files; raises nothing about what they hold."""
    made = TemplateFile(path)
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


def read_files(path: str | None, parameters: Sequence[str | Mapping[str, Given]] = ()) -> TemplateFile:
    """Read a template with parameter files, and values by name; what comes later wins.

    A parameter file of Bicep names its template: that is read where `path` is None, and has to be the one at `path`
    where it is not.
    """
    read = TemplateFile(path or "")
    for each in parameters:
        read.given |= _parameters(each, read) if isinstance(each, str) else each
    if not read.path:
        return read
    template = read_template_file(read.path)
    read.template = template.template
    read.diagnostics = [*template.diagnostics, *read.diagnostics]
    read.lines |= template.lines
    return read


def evaluate_files(read: TemplateFile, environment: Environment | None = None) -> Evaluation | None:
    """Return what a template makes, None when it could not be read; what is found is added to what was `read`."""
    if read.template is None or has_errors(read.diagnostics):
        return None
    made = evaluate_template(read.template, read.given, environment)
    read.diagnostics += made.diagnostics
    read.lines = masked(read.lines, made.secrets)
    return made


def _parameters(path: str, read: TemplateFile) -> dict[str, Given]:
    source = _read(path, read)
    if source is None:
        return {}
    if path.endswith(BICEP_PARAMETERS):
        reader = ProjectFiles(Path(path)).read
        made = read_parameter_file(source, reader)
        read.diagnostics += made.diagnostics
        if made.template is not None:
            _use(made.template, reader, read)
        return made.given
    given, found = read_parameters(source)
    read.diagnostics += found
    return given


def _use(used: UsedTemplate, reader: Reader, read: TemplateFile) -> None:
    """Take the template that a parameter file names, unless there is one: then it has to be that."""
    if not read.path:
        problem = reader(used.path)
        if isinstance(problem, str):
            message = f"{used.path}: {problem}"
            read.diagnostics.append(Diagnostic("error", "bicep-file", message, span=used.span, hint="check the path"))
            return
        read.path = used.path
    elif Path(used.path).resolve() != Path(read.path).resolve():
        message = f"the parameters are for {used.path}, and the template is {read.path}"
        hint = "name that file here, or leave the template to this line"
        read.diagnostics.append(Diagnostic("error", "bicep-file", message, span=used.span, hint=hint))


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
