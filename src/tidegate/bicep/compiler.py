"""From the text of a Bicep file, and those that it refers to, to a template: the door of this package.

Knows the order, and how files refer to each other. Does not read files: the reader is an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.binder import bind
from tidegate.bicep.emitter import TemplateEmitter
from tidegate.bicep.lints import lints
from tidegate.bicep.parser import parse
from tidegate.bicep.syntax import Call, Text
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.resources.finding_list import in_order
from tidegate.resources.source_map import SourceText
from tidegate.templates.limits import FINDINGS_MAX
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import read_template
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, from_json

__all__ = ["MODULES_MAX", "Compiled", "FileLoader", "Reader", "Run", "compile_bicep", "diagnostic_of"]

MODULES_MAX = 200
"""How many files one deployment may consist of."""

_MODULE_DEPTH_MAX = 16

Reader = Callable[[str], SourceText | str]
"""Reads a file by its path, relative to where the paths of files that are compiled begin; says in words why it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What became of a file. `template` is None when any finding is an error; `sources` are the texts that were read, by file."""

    template: SourcedNode | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, SourceText]


@dataclass(slots=True)
class Run:
    """What all files of one compilation share."""

    reader: Reader
    diagnostics: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, SourceText] = field(default_factory=dict)
    templates: dict[str, SourcedNode | None] = field(default_factory=dict)
    open_files: list[str] = field(default_factory=list)


def compile_bicep(source: SourceText, reader: Reader) -> Compiled:
    """Compile a file with its modules. Takes bounded time, and raises nothing about what it holds."""
    run = Run(reader)
    made = _compile(source, run)
    diagnostics = in_order(tuple(dict.fromkeys(run.diagnostics)))
    return Compiled(template=None if has_errors(diagnostics) else made, diagnostics=diagnostics, sources=run.sources)


def diagnostic_of(error: BicepError, source: SourceText) -> Diagnostic:
    """Return an error as a finding."""
    span = source.span(error.start, error.end)
    return Diagnostic("error", f"bicep-{error.code}", error.message, span=span, hint=error.hint)


def _compile(source: SourceText, run: Run) -> SourcedNode | None:
    run.sources[source.file] = source
    parsed = parse(source.text)
    errors = list(parsed.errors)
    fields = {}
    try:
        symbols, found = bind(parsed)
        errors += found
        if not errors:
            emitter = TemplateEmitter(parsed.file, symbols, FileLoader(source, run))
            fields = emitter.emit()
            errors += emitter.errors
        if not errors:
            run.diagnostics += islice(lints(parsed.file, symbols, source), FINDINGS_MAX)
    except RecursionError:
        errors.append(BicepError("the file nests too deep", 0, 1, "put parts of it into variables or modules"))
    run.diagnostics += [diagnostic_of(error, source) for error in errors[:FINDINGS_MAX]]
    return None if errors else SourcedNode(fields, 0, len(source.text), source=source)


class FileLoader:
    """The files that one file refers to."""

    def __init__(self, source: SourceText, run: Run) -> None:
        self._source = source
        self._run = run

    def module(self, path: Text) -> SourcedNode:
        """Return the template of a module, see `emitter.Files`."""
        run = self._run
        file = self.resolved(path)
        if file == self._source.file or file in run.open_files:
            circle = " → ".join((*run.open_files, self._source.file, file))
            raise BicepError(f"modules use each other in a circle: {circle}", path.start, path.end, "cut it", "module")
        if file not in run.templates:
            if len(run.templates) >= MODULES_MAX or len(run.open_files) >= _MODULE_DEPTH_MAX:
                message = (
                    f"there are more than {MODULES_MAX} modules, or they lie deeper than {_MODULE_DEPTH_MAX} levels"
                )
                raise BicepError(message, path.start, path.end, None, "module")
            inner = self._read(path, file)
            run.open_files.append(self._source.file)
            try:
                run.templates[file] = self._template(inner)
            finally:
                run.open_files.pop()
        made = run.templates[file]
        if made is None:
            message = f"the module {path.value} has errors"
            raise BicepError(message, path.start, path.end, "mend those first", "module")
        return made

    def _template(self, inner: SourceText) -> SourcedNode | None:
        if not inner.file.endswith(".json"):
            return _compile(inner, self._run)
        self._run.sources[inner.file] = inner
        made, diagnostics = read_template(inner)
        self._run.diagnostics += diagnostics
        return made

    def value(self, call: Call) -> Value:
        """Return what a file says, see `emitter.Files`."""
        path = call.arguments[0]
        if not isinstance(path, Text):
            message = f"`{call.name}` takes a path that is written out"
            raise BicepError(message, path.start, path.end, "write it in quotes: './file.txt'", "file")
        text = self._read(path, self.resolved(path)).text
        if call.name == "loadTextContent":
            return text
        try:
            return from_json(text, path.value)
        except TemplateError as error:
            raise BicepError(error.message, path.start, path.end, error.hint, "file") from None

    def resolved(self, path: Text) -> str:
        """Return the path of a file as the reader takes it."""
        written = path.value
        if written.startswith(("br:", "br/", "ts:", "ts/")):
            message = "modules of registries are not fetched"
            raise BicepError(message, path.start, path.end, "use a file of the project", "module")
        if written.startswith("/") or "\\" in written or not written or "\n" in written:
            hint = "write it relative to this file, with `/`: './part.bicep'"
            raise BicepError(f"`{written}` is no path of the project", path.start, path.end, hint, "file")
        parts = self._source.file.split("/")[:-1]
        for part in written.split("/"):
            if part == ".." and parts and parts[-1] not in ("", ".."):
                parts.pop()
            elif part not in (".", ""):
                parts.append(part)
        return "/".join(parts)

    def _read(self, path: Text, file: str) -> SourceText:
        made = self._run.reader(file)
        if isinstance(made, str):
            raise BicepError(f"{path.value}: {made}", path.start, path.end, "check the path", "file")
        return made
