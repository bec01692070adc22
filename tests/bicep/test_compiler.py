"""`bicep/compiler.py`; most of what it does is in the golden cases."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bicep.trees import files
from tests.templates.cases import CASES, read_case

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.compiler import MODULES_MAX, compile_bicep, diagnostic_of
from tidegate.bicep.syntax import File
from tidegate.bicep.writer import write_file
from tidegate.diagnostics import has_errors
from tidegate.resources.source_map import SourceText
from tidegate.templates.template import evaluate_template

TEXTS = [read_case(path, "main.bicep").files["main.bicep"] for path in sorted((CASES / "bicep").glob("*.case"))]


def nothing(_: str) -> str:
    return "there is no such file"


def check(text: str) -> None:
    compiled = compile_bicep(SourceText("main.bicep", text), nothing)
    assert (compiled.template is None) == has_errors(compiled.diagnostics)
    if compiled.template is not None:
        evaluate_template(compiled.template, {})


@settings(deadline=None)
@given(files())
def test_anything_that_parses_becomes_findings_or_resources(file: File) -> None:
    check(write_file(file))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TEXTS), st.data())
def test_a_damaged_file_becomes_findings_or_resources(text: str, data: st.DataObject) -> None:
    pieces = re.findall(r"\w+|\s+|.", text)
    first = data.draw(st.integers(0, len(pieces)))
    last = data.draw(st.integers(first, min(len(pieces), first + 3)))
    put = data.draw(st.lists(st.sampled_from(pieces or [""]), max_size=2))
    check("".join((*pieces[:first], *put, *pieces[last:])))


def test_what_is_written_out_again_and_again_is_bounded() -> None:
    head = "resource r 'Microsoft.IoTOperations/instances@2024-11-01' existing = {\n  name: 'a'\n}\nvar v0 = r.properties\n"
    variables = "".join(f"var v{number} = [v{number - 1}, v{number - 1}]\n" for number in range(1, 40))
    compiled = compile_bicep(SourceText("main.bicep", head + variables + "output o array = v39\n"), nothing)
    assert any(each.code == "bicep-size" for each in compiled.diagnostics)


def test_a_chain_of_a_thousand_variables_is_told_and_not_a_crash() -> None:
    head = "resource r 'Microsoft.IoTOperations/instances@2024-11-01' existing = {\n  name: 'a'\n}\nvar v0 = r.properties\n"
    variables = "".join(f"var v{number} = v{number - 1}\n" for number in range(1, 1_500))
    compiled = compile_bicep(SourceText("main.bicep", head + variables + "output o object = v1499\n"), nothing)
    assert has_errors(compiled.diagnostics)


@pytest.mark.parametrize("count", [MODULES_MAX + 50])
def test_modules_are_bounded(count: int) -> None:
    text = "".join(f"module m{number} './{number}.bicep' = {{}}\n" for number in range(count))
    asked: list[str] = []

    def read(path: str) -> SourceText:
        asked.append(path)
        return SourceText(path, "output a int = 1\n")

    compiled = compile_bicep(SourceText("main.bicep", text), read)
    assert has_errors(compiled.diagnostics)
    assert len(asked) == MODULES_MAX


def test_paths_are_relative_to_the_file_that_has_them() -> None:
    texts = {
        "a/main.bicep": "module m './b/c.bicep' = {}\n",
        "a/b/c.bicep": "module n '../../d.bicep' = {}\n",
        "d.bicep": "output a string = loadTextContent('../e.txt')\n",
        "../e.txt": "x",
    }
    compiled = compile_bicep(
        SourceText("a/main.bicep", texts["a/main.bicep"]), lambda path: SourceText(path, texts[path])
    )
    assert compiled.diagnostics == ()
    assert set(compiled.sources) == {"a/main.bicep", "a/b/c.bicep", "d.bicep"}


def test_an_error_becomes_a_finding_at_its_place() -> None:
    found = diagnostic_of(BicepError("m", 4, 6, "h", "name"), SourceText("f", "a\nbc d"))
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column, found.hint) == ("bicep-name", 2, 3, "h")
