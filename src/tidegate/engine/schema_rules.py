"""What data flows say about schemas, and what is wrong with it (facts 2.8).

Knows references, the annotation that has payloads held to a schema, and when a schema has no effect. Does not know where schemas
lie (`schema_folder`) or what they may say (`transform/schema.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from tidegate.diagnostics import Diagnostic, Span
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import ResolvedFlow
from tidegate.resources.schema_reference import FORM, SchemaTexts, UnreadableSchema, parse_reference
from tidegate.resources.source_map import FieldPath, Place, SourceText, path_text
from tidegate.resources.yaml_text import read_documents
from tidegate.transform.schema import SchemaError, compile_schema

__all__ = [
    "SOURCE_SCHEMA",
    "check_document",
    "check_output_schema",
    "check_schemas",
    "referenced_schemas",
    "source_schema_text",
]

SOURCE_SCHEMA = "tidegate.dev/source-schema"
"""Annotation: whether the source's schema is a `name` and no more, or payloads have to be as it says (`validate`)."""


class _Use(NamedTuple):
    role: Literal["source", "output", "data set"]
    path: FieldPath
    reference: str


def referenced_schemas(dataflows: Iterable[Dataflow]) -> frozenset[str]:
    """Return all references to schemas, as they are written."""
    return frozenset(use.reference for dataflow in dataflows for use in _uses(dataflow))


def source_schema_text(dataflow: Dataflow, schemas: SchemaTexts | None) -> str | None:
    """Return the schema that payloads of a data flow have to be as, None where they may be anything."""
    reference = dataflow.spec.source[1].schema_ref
    if not _is_validating(dataflow) or reference is None or schemas is None:
        return None
    text = schemas.get(reference)
    return text if isinstance(text, str) else None


def check_schemas(dataflow: Dataflow, schemas: SchemaTexts | None, findings: FindingList) -> None:
    """Find what is wrong with the schemas of a data flow. `schemas` is None where there is no registry to look into."""
    is_validating = _is_validating(dataflow)
    for role, path, reference in _uses(dataflow):
        if parse_reference(reference) is None:
            message = f"`{reference}` is no reference to a schema"
            hint = f"write `{FORM}`, the version a whole number"
            findings.add("error", "schema", message, dataflow.key, path, hint)
            continue
        problem = _problem(role, reference, schemas)
        if problem is not None:
            level: Literal["error", "warning"] = "error" if role == "source" and is_validating else "warning"
            findings.add(level, "schema", problem[0], dataflow.key, path, problem[1])
    if not is_validating:
        return
    place: FieldPath = ("metadata", "annotations", SOURCE_SCHEMA)
    if dataflow.spec.source[1].schema_ref is None:
        message = f"{SOURCE_SCHEMA} is `validate`, and the source has no schema"
        findings.add("error", "schema", message, dataflow.key, place, "add `schemaRef` to `sourceSettings`")
    elif schemas is None:
        message = f"{SOURCE_SCHEMA} is `validate`, and there is no schema registry to take the schema from"
        hint = "say where schemas lie with `--schemas-dir DIR`; `tidegate schema add` puts them there"
        findings.add("error", "schema", message, dataflow.key, place, hint)


def check_output_schema(flow: ResolvedFlow, findings: FindingList) -> None:
    """Say where an output schema has no effect."""
    found = flow.dataflow.spec.transformation
    if found is None or found[1].schema_ref is None or parse_reference(found[1].schema_ref) is None:
        return
    if flow.destination.settings.cloud_event_attributes is not None:
        return
    path = ("spec", "operations", found[0], "builtInTransformationSettings", "schemaRef")
    message = "the output schema has no effect: only CloudEvents name it, as `dataschema`"
    hint = f"set `cloudEventAttributes` of the endpoint `{flow.destination.name}`, or remove `schemaRef`"
    findings.add("warning", "no-effect", message, flow.key, path, hint)


def _uses(dataflow: Dataflow) -> Iterator[_Use]:
    index, source = dataflow.spec.source
    if source.schema_ref is not None:
        yield _Use("source", ("spec", "operations", index, "sourceSettings", "schemaRef"), source.schema_ref)
    if dataflow.spec.transformation is None:
        return
    index, middle = dataflow.spec.transformation
    path: FieldPath = ("spec", "operations", index, "builtInTransformationSettings")
    if middle.schema_ref is not None:
        yield _Use("output", (*path, "schemaRef"), middle.schema_ref)
    for number, dataset in enumerate(middle.datasets):
        if dataset.schema_ref is not None:
            yield _Use("data set", (*path, "datasets", number, "schemaRef"), dataset.schema_ref)


def _is_validating(dataflow: Dataflow) -> bool:
    return (dataflow.metadata.annotations or {}).get(SOURCE_SCHEMA) == "validate"


def _problem(role: str, reference: str, schemas: SchemaTexts | None) -> tuple[str, str | None] | None:
    """Say what is wrong with the document of a reference, and how to mend it."""
    if schemas is None:
        return None
    found = schemas.get(reference)
    if found is None:
        return f"the registry has no schema `{reference}`", f"add it: `tidegate schema add {reference} -f FILE`"
    if isinstance(found, UnreadableSchema):
        return f"the schema `{reference}` cannot be read: {found.detail}", "look at its file in the registry"
    if role == "output":
        # What an output is called is only passed on; it may be a Delta schema.
        return None
    try:
        compile_schema(found)
    except SchemaError as error:
        where = f" (at `{path_text(error.path)}`)" if error.path else ""
        return f"the schema `{reference}` cannot be used: {error.detail}{where}", error.hint
    return None


def check_document(source: SourceText) -> Diagnostic | None:
    """Return what is wrong with a schema, None where payloads can be held to it."""
    try:
        compile_schema(source.text)
    except SchemaError as error:
        message = f"the schema cannot be used: {error.detail}"
        return Diagnostic("error", "schema", message, path_text(error.path), "", _place(source, error.path), error.hint)
    return None


def _place(source: SourceText, path: FieldPath) -> Span:
    """Return where a part of a schema stands, the whole of it where that cannot be told."""
    documents, _, is_whole = read_documents(source)
    return Place(source, documents[0]).span(path) if is_whole and documents and path else source.span(0, 1)
