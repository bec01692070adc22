"""Parameter files of Bicep (`.bicepparam`): which file they are for, and the values that they give.

Knows their statements. Values are computed by the evaluator of templates; reading files is an argument.
"""

from dataclasses import dataclass

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.binder import bind
from tidegate.bicep.compiler import FileLoader, Reader, Run, diagnostic_of
from tidegate.bicep.emitter import TemplateEmitter
from tidegate.bicep.parser import Parsed, parse
from tidegate.bicep.syntax import Declaration, File, Metadata, ParameterValue, Statement, Using, Variable
from tidegate.diagnostics import Diagnostic, Span
from tidegate.resources.findings import enumerate_words
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.given import Given
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template import evaluate_variables

__all__ = ["ParameterFile", "UsedTemplate", "read_parameter_file"]

_ALLOWED = (Using, ParameterValue, Variable, Metadata)


@dataclass(frozen=True, slots=True)
class UsedTemplate:
    """The template that `using` names: its path as the reader takes it, and where that was written."""

    path: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFile:
    """A parameter file. `template` is None where `using` names none that could be."""

    template: UsedTemplate | None
    given: dict[str, Given]
    diagnostics: tuple[Diagnostic, ...]


def read_parameter_file(source: SourceText, reader: Reader) -> ParameterFile:
    """Read a parameter file. Takes bounded time, and raises nothing about what it holds."""
    parsed = parse(source.text)
    errors = list(parsed.errors)
    usings = [each for each in parsed.file.statements if isinstance(each, Using)]
    if not usings and not errors:
        errors.append(
            BicepError("the file does not say which template it is for", 0, 1, "begin it with `using './main.bicep'`")
        )
    twice = "the file says twice which template it is for"
    errors += [BicepError(twice, again.start, again.end, "keep one") for again in usings[1:]]
    template = None
    try:
        template = _used(usings[0], source, reader) if usings else None
    except BicepError as error:
        errors.append(error)
    for statement in parsed.file.statements:
        if not isinstance(statement, _ALLOWED):
            message = "this has no place in a parameter file"
            words = enumerate_words(("using", "param name = value", "var"))
            errors.append(BicepError(message, statement.start, statement.start + 1, f"allowed are {words}"))
    given: dict[str, Given] = {}
    found: tuple[Diagnostic, ...] = ()
    if not errors:
        given, errors, found = _computed(parsed.file, source, reader)
    return ParameterFile(
        template=template,
        given=given,
        diagnostics=(*(diagnostic_of(error, source) for error in errors), *found),
    )


def _used(using: Using, source: SourceText, reader: Reader) -> UsedTemplate:
    path = using.path
    return UsedTemplate(FileLoader(source, Run(reader)).resolved(path), source.span(path.start, path.end))


def _computed(
    file: File, source: SourceText, reader: Reader
) -> tuple[dict[str, Given], list[BicepError], tuple[Diagnostic, ...]]:
    """Compute the values as variables of a template that has nothing else, for they may use each other."""
    values = [each for each in file.statements if isinstance(each, ParameterValue)]
    as_variables = File(tuple(map(_as_variable, file.statements)))
    symbols, errors = bind(Parsed(as_variables, ()), is_parameter_file=True)
    if errors:
        return {}, errors, ()
    run = Run(reader)
    emitter = TemplateEmitter(as_variables, symbols, FileLoader(source, run))
    fields = emitter.emit()
    if emitter.errors:
        return {}, emitter.errors, tuple(run.diagnostics)
    template = SourcedNode(fields, 0, len(source.text), source=source)
    made, found = evaluate_variables(template)
    given = {
        each.name: Given(made[each.name], Place(source, Node(None, each.value.start, each.value.end)))
        for each in values
        if each.name in made
    }
    return given, [], (*run.diagnostics, *found)


def _as_variable(statement: Statement) -> Statement:
    if not isinstance(statement, ParameterValue):
        return statement
    assert isinstance(statement, Declaration)
    return Variable(
        name=statement.name,
        decorators=(),
        value=statement.value,
        name_start=statement.name_start,
        start=statement.start,
        end=statement.end,
    )
