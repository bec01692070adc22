"""`tidegate test`: flow tests, without any broker or network.

Knows files and how results are shown. What is tried comes from `engine/flow_test_run.py`.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.declared_options import DeclaredOptions, declared_options, declared_settings
from tidegate.cli.junit import TestCase, junit_xml
from tidegate.cli.output import Json, NotUnderstood, Outcome, print_error, render_diagnostics
from tidegate.diagnostics import Diagnostic

if TYPE_CHECKING:
    from tidegate.engine.flow_test_run import Failure
    from tidegate.engine.load import Loaded
    from tidegate.flow.plan import FlowPlan
    from tidegate.resources.flow_test import FlowTestFile, Inspected
    from tidegate.resources.source_map import FieldPath
    from tidegate.settings import Settings

__all__ = ["EXAMPLES", "arguments", "test"]

EXAMPLES = (
    ("Run the flow tests of a folder, whose names end in `.test.yaml`.", "tidegate test flows/"),
    ("Run one file, and write a report for a build server.", "tidegate test flows/ovens.test.yaml --junit report.xml"),
)


_WITHOUT_EFFECT = (
    *("data_dir", "secrets_key_file", "secrets_dir", "configmaps_dir"),
    *("no_broker", "hops_max", "token_file", "token_command"),
)
"""Options about what is connected, or goes through several data flows."""


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    declared_options(context, without=_WITHOUT_EFFECT)
    context.positional(
        "paths", nargs="+", metavar="PATH", help="Flow tests, and folders of them (.test.yaml, folders below too)."
    )
    context.argument("junit", options_list=["--junit"], metavar="FILE", help="Write a report as JUnit XML.")


def test(
    junit: str | None = None,
    **kwargs: Unpack[DeclaredOptions],
) -> Outcome:
    """Run tests; the exit code is 1 when any fails or cannot be run."""
    from tidegate.engine.files import TEST_SUFFIXES, list_tests

    paths, settings = kwargs["paths"], declared_settings(kwargs)
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise NotUnderstood(f"{missing[0]}: there is no such file or folder", "check the path")
    cases = [case for file in list_tests(paths) for case in _cases_of(file, settings)]
    if not cases:
        raise NotUnderstood("there are no flow tests", f"their names end in {TEST_SUFFIXES[0]}")
    if junit is not None:
        try:
            Path(junit).write_bytes(junit_xml("tidegate test", cases))
        except OSError as error:
            print_error(f"{junit} cannot be written: {(error.strerror or str(error)).lower()}")
            return Outcome(None, "", 1)
    failed = sum(1 for case in cases if case.kind is not None)
    lines = [line for case in cases for line in _lines(case)]
    print(f"{len(cases)} test{'' if len(cases) == 1 else 's'}, {failed} failed", file=sys.stderr)
    return Outcome([_data(case) for case in cases], "".join(f"{line}\n" for line in lines), 1 if failed else 0)


def _cases_of(path: Path, settings: "Settings") -> Iterator[TestCase]:
    from tidegate.engine import files
    from tidegate.resources.flow_test import read_flow_tests

    sources, unreadable = files.read([path])
    if unreadable:
        yield TestCase(str(path), "(file)", 1, "error", unreadable[0].message)
        return
    file = read_flow_tests(sources[0])
    if file.diagnostics or not file.tests:
        text = (
            _rendered(file.diagnostics, file.lines) if file.diagnostics else "the file has no document of kind FlowTest"
        )
        yield TestCase(str(path), "(file)", 1, "error", text)
    for inspected in file.tests:
        yield _case(path, file, inspected, settings)


def _case(path: Path, file: "FlowTestFile", inspected: "Inspected", settings: "Settings") -> TestCase:
    from tidegate.engine import files
    from tidegate.engine.flow_test_run import run_flow_test
    from tidegate.engine.load import load_texts

    test, line = inspected.test, inspected.place.span(("metadata", "name")).line
    missing = list(_missing(path, inspected))
    if missing:
        return TestCase(str(path), test.name, line, "error", _rendered(missing, file.lines))
    if test.spec.schemas is not None:
        settings = replace(settings, schemas_dir=path.parent / test.spec.schemas)
    folders = [path.parent / each for each in test.spec.resources]
    texts, unreadable = files.read(folders, registry=settings.schemas_dir)
    loaded = load_texts([*texts, file.resources], unreadable, settings)
    if loaded.plan is None:
        errors = [each for each in loaded.diagnostics if each.level == "error"]
        return TestCase(str(path), test.name, line, "error", _rendered(errors, loaded.lines))
    plan = _chosen(loaded, inspected)
    if isinstance(plan, Diagnostic):
        return TestCase(str(path), test.name, line, "error", _rendered([plan], file.lines))
    failures = run_flow_test(test, plan)
    if not failures:
        return TestCase(str(path), test.name, line)
    told = [text for failure in failures for text in _told(failure, inspected)]
    return TestCase(str(path), test.name, line, "failure", "\n".join(told))


def _missing(path: Path, inspected: "Inspected") -> "Iterator[Diagnostic]":
    """Find resources that are neither files nor folders. What never ends, such as a pipe, is not waited for."""
    for number, name in enumerate(inspected.test.spec.resources):
        found = path.parent / name
        if not found.is_file() and not found.is_dir():
            message = f"there is no file or folder `{name}` beside the test's file"
            yield _finding(
                inspected, ("spec", "resources", number), message, "write the path relative to the test's file"
            )


def _chosen(loaded: "Loaded", inspected: "Inspected") -> "FlowPlan | Diagnostic":
    """Return the plan of the data flow that is tried, or why there is none."""
    from tidegate.resources.findings import closest, enumerate_words

    assert loaded.plan is not None
    name = inspected.test.spec.flow
    flows = {each.name: each for each in loaded.plan.flows}
    if name is None and len(flows) == 1:
        return next(iter(flows.values()))
    if name is not None and name in flows:
        return flows[name]
    there = f"there are: {enumerate_words(list(flows))}"
    if name is None:
        message = f"the test names no data flow, and {len(flows)} are enabled"
        hint = f"write `flow:`; {there}" if flows else "name files with one: `resources: [dataflow.yaml]`"
    elif name in loaded.plan.disabled:
        message, hint = f"the data flow {name} is disabled", "set its `mode: Enabled`"
    else:
        meant = closest(name, list(flows))
        message = f"there is no data flow {name}"
        hint = f"did you mean `{meant}`?" if meant else there
    return _finding(inspected, ("spec", "flow"), message, hint)


def _finding(inspected: "Inspected", path: "FieldPath", message: str, hint: str) -> Diagnostic:
    from tidegate.resources.source_map import path_text

    return Diagnostic("error", "flow-test", message, path_text(path), "", inspected.place.span(path), hint)


def _told(failure: "Failure", inspected: "Inspected") -> Iterator[str]:
    line = inspected.place.span(("spec", "messages", failure.number - 1)).line
    yield f"line {line}, message {failure.number} on {failure.topic}: {failure.sentence}"
    for each in failure.differences:
        yield f"  {each.path}"
        yield f"    - expected {each.expected}"
        yield f"    + found    {each.found}"


def _rendered(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic], lines: Any) -> str:
    return render_diagnostics(diagnostics, lines).rstrip("\n")


def _lines(case: TestCase) -> Iterator[str]:
    word = {None: "ok   ", "failure": "FAIL ", "error": "ERROR"}[case.kind]
    yield f"{word} {case.file}: {case.name}"
    for line in case.text.split("\n") if case.text else ():
        yield f"      {line}" if line else ""


def _data(case: TestCase) -> Json:
    result = {None: "passed", "failure": "failed", "error": "error"}[case.kind]
    return {"file": case.file, "name": case.name, "line": case.line, "result": result, "detail": case.text or None}
