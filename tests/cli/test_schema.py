"""`tidegate schema`."""

import io
import json
from pathlib import Path

import pytest

from tidegate.cli import main

SCHEMA = '{"type": "object"}\n'


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "oven.json"
    path.write_text(SCHEMA)
    return str(path)


def run(tmp_path: Path, *arguments: str) -> int:
    return main(["schema", *arguments, "--schemas-dir", str(tmp_path / "schemas")])


def test_added_listed_and_shown(tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "list") == 0
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", file) == 0
    assert run(tmp_path, "add", "aio-sr://plant/oven:7", "-f", file) == 0
    assert run(tmp_path, "list") == 0
    assert run(tmp_path, "list", "-o", "json") == 0
    out, err = capsys.readouterr()
    assert err == ""
    both = "aio-sr://plant/oven:1\naio-sr://plant/oven:7\n"
    assert out.startswith(both + both)
    assert json.loads(out.removeprefix(both + both)) == both.split()
    for reference in ("aio-sr://plant/oven:1", "aio-sr://plant/oven"):
        assert run(tmp_path, "show", reference) == 0
        assert capsys.readouterr().out == SCHEMA


def test_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", "-") == 0
    assert run(tmp_path, "show", "aio-sr://plant/oven") == 0
    assert capsys.readouterr().out == "aio-sr://plant/oven:1\n{}\n"


def test_a_version_never_changes(tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", file) == 0
    Path(file).write_text("{}")
    assert run(tmp_path, "add", "aio-sr://plant/oven:1", "-f", file) == 1
    err = capsys.readouterr().err
    assert "error: aio-sr://plant/oven:1 is there already, and says something else" in err
    assert f"`tidegate schema add aio-sr://plant/oven -f {file}`" in err


def test_what_is_no_schema_is_shown_where_it_stands(
    tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(file).write_text('{\n  "pattern": "("\n}\n')
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", file) == 1
    assert not (tmp_path / "schemas").exists()
    err = capsys.readouterr().err
    assert (
        err
        == f"""\
error[schema]: the schema cannot be used: a pattern cannot be used
  --> {file}:2:14  pattern
  2 |   "pattern": "("
    |              ^^^
  hint: patterns have no lookaround and no back references, so that they take linear time, and a bounded size
"""
    )


def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for reference in ("aio-sr://plant/oven:1", "aio-sr://plant/oven"):
        assert run(tmp_path, "show", reference) == 1
        assert f"there is no schema {reference}" in capsys.readouterr().err


def test_what_cannot_be_read(tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", file) == 0
    (tmp_path / "schemas" / "plant" / "oven" / "1.json").write_bytes(b"\xff")
    assert run(tmp_path, "show", "aio-sr://plant/oven") == 1
    assert "aio-sr://plant/oven:1 cannot be read: it is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("reference", ["oven", "aio-sr://plant/oven:latest", "aio-sr://../oven:1"])
def test_what_is_no_reference(tmp_path: Path, file: str, reference: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "add", reference, "-f", file) == 2
    assert "is no reference to a schema" in capsys.readouterr().err


def test_files_that_are_none(tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", f"{file}.no") == 2
    assert "cannot be read: no such file" in capsys.readouterr().err
    Path(file).write_bytes(b"\xff")
    assert run(tmp_path, "add", "aio-sr://plant/oven", "-f", file) == 2
    assert "is not UTF-8" in capsys.readouterr().err
