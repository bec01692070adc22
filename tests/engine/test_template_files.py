"""`engine/template_files.py`."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tidegate.cli.output import render_diagnostics
from tidegate.engine.template_files import evaluate_files, read_template_file
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
        "p.json": '{"name": {"value": "east"}}',
        "secret.json": '{"name": {"value": "x"}, "password": {"value": ["hunter2"]}}',
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(("template", "end"), [("main.bicep", "!"), ("main.json", "")])
def test_what_comes_later_wins(template: str, end: str) -> None:
    cases: tuple[tuple[list[str | Mapping[str, Given]], str], ...] = (
        (["p.bicepparam"], "west"),
        (["p.bicepparam", "p.json"], "east"),
        (["p.json", {"name": Given("north", is_typed=True)}], "north"),
    )
    for parameters, name in cases:
        made, read = evaluate_files(template, parameters)
        assert made is not None
        assert read.diagnostics == []
        assert made.outputs["name"].value == name + end


def test_the_texts_to_show_findings_with_hide_secrets() -> None:
    made, read = evaluate_files("main.bicep", ["secret.json"])
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
    assert evaluate_files(path)[0] is None


def test_a_faulty_parameter_file_stops_it() -> None:
    made, read = evaluate_files("main.bicep", ["nope.json"])
    assert made is None
    assert [each.code for each in read.diagnostics] == ["no-such-file"]
