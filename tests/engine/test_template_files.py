"""`engine/template_files.py`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tidegate.cli.output import render_diagnostics
from tidegate.engine.template_files import evaluate_files, read_files, read_template_file
from tidegate.templates.given import Given

BICEP = """\
param name string
@secure()
param password string = 'none'
module m './m.bicep' = {
  params: { name: name }
}
output name string = m.outputs.name
output length int = length(password)
"""
MODULE = "param name string\noutput name string = '${name}!'\n"
JSON = """{
  "parameters": {"name": {"type": "string"}},
  "resources": [],
  "outputs": {"name": {"type": "string", "value": "[parameters('name')]"}}
}"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "main.bicep": BICEP,
        "m.bicep": MODULE,
        "main.json": JSON,
        "p.bicepparam": "using './main.bicep'\nparam name = 'west'\n",
        "j.bicepparam": "using 'main.json'\nparam name = 'west'\n",
        "p.json": '{"name": {"value": "east"}}',
        "secret.json": '{"name": {"value": "x"}, "password": {"value": ["hunter2"]}}',
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("template", "parameter_file", "end"), [("main.bicep", "p.bicepparam", "!"), ("main.json", "j.bicepparam", "")]
)
def test_what_comes_later_wins(template: str, parameter_file: str, end: str) -> None:
    cases: tuple[tuple[list[str | Mapping[str, Given]], str], ...] = (
        ([parameter_file], "west"),
        ([parameter_file, "p.json"], "east"),
        (["p.json", {"name": Given("north", is_typed=True)}], "north"),
    )
    for parameters, name in cases:
        read = read_files(template, parameters)
        made = evaluate_files(read)
        assert made is not None
        assert read.diagnostics == []
        assert made.outputs["name"].value == name + end


def test_the_texts_to_show_findings_with_hide_secrets() -> None:
    read = read_files("main.bicep", ["secret.json"])
    made = evaluate_files(read)
    assert made is not None
    shown = render_diagnostics(read.diagnostics, read.lines)
    assert "password is of type array" in shown
    assert "hunter2" not in shown
    assert "'none'" not in read.lines["main.bicep"]


@pytest.mark.parametrize("path", ["nope.bicep", ".", "bad.bicep", "bad.json"])
def test_what_cannot_be_read_is_said(folder: Path, path: str) -> None:
    (folder / "bad.bicep").write_text("param")
    (folder / "bad.json").write_bytes(b"\xff")
    made = read_template_file(path)
    assert made.template is None
    assert made.diagnostics
    assert evaluate_files(read_files(path)) is None


def test_a_faulty_parameter_file_stops_it() -> None:
    read = read_files("main.bicep", ["nope.json"])
    assert evaluate_files(read) is None
    assert [each.code for each in read.diagnostics] == ["no-such-file"]


def test_a_parameter_file_names_the_template(folder: Path) -> None:
    (folder / "sites").mkdir()
    (folder / "sites" / "west.bicepparam").write_text("using '../main.bicep'\nparam name = 'west'\n")
    for path in (None, "main.bicep", "sites/../main.bicep", str(folder / "main.bicep")):
        read = read_files(path, ["sites/west.bicepparam"])
        made = evaluate_files(read)
        assert read.path == (path or "main.bicep")
        assert made is not None
        assert made.outputs["name"].value == "west!"


@pytest.mark.parametrize(
    ("path", "parameters", "said"),
    [
        ("m.bicep", ["p.bicepparam"], "the parameters are for main.bicep, and the template is m.bicep"),
        (None, ["p.bicepparam", "j.bicepparam"], "the parameters are for main.json, and the template is main.bicep"),
        (None, ["lost.bicepparam"], "nope.bicep: there is no such file"),
        (None, ["out.bicepparam"], "it lies outside of the project folder"),
    ],
)
def test_a_parameter_file_for_another_template(
    folder: Path, path: str | None, parameters: list[str], said: str
) -> None:
    (folder / "lost.bicepparam").write_text("using './nope.bicep'\n")
    (folder / "out.bicepparam").write_text("using '../main.bicep'\n")
    (folder.parent / "main.bicep").write_text("output out string = 'side'\n")
    read = read_files(path, parameters)
    assert evaluate_files(read) is None
    (found,) = [each for each in read.diagnostics if each.code == "bicep-file"]
    assert said in found.message
    assert found.span is not None
    assert (found.span.file, found.span.line, found.span.column) == (parameters[-1], 1, 7)


def test_no_template_is_named() -> None:
    read = read_files(None, ["p.json"])
    assert (read.path, read.diagnostics, evaluate_files(read)) == ("", [], None)
