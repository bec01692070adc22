"""`tidegate user add`, `list` and `delete`."""

import io
from pathlib import Path

import pytest

from tidegate.auth import passwords
from tidegate.auth.passwords import Users
from tidegate.cli import main
from tidegate.engine import control


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_N", 16)


def test_users_come_and_go(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    directory = ["--data-dir", str(tmp_path)]
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["user", "add", "oven-1", *directory]) == 0
    assert Users(tmp_path).check("oven-1", b"correct horse")
    assert main(["user", "list", *directory]) == 0
    assert main(["user", "delete", "oven-1", *directory]) == 0
    out, err = capsys.readouterr()
    assert out == "oven-1: added\noven-1\noven-1: deleted\n"
    assert err == ""
    assert main(["user", "delete", "oven-1", *directory]) == 1
    assert "no user oven-1" in capsys.readouterr().err


def test_an_engine_that_runs_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, str]] = []
    monkeypatch.setattr(control, "ask", lambda directory, request: asked.append((directory, request)))
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    for verb in ("add", "delete", "delete"):
        main(["user", verb, "oven-1", "--data-dir", str(tmp_path)])
    assert asked == [(tmp_path, "reload")] * 2, "where nothing changed there is nothing to tell"


def test_a_password_that_is_too_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["user", "add", "oven-1", "--data-dir", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "8 to 1024 bytes" in err and "short" not in out + err


def test_a_terminal_is_asked_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = iter(["one password", "another password", "same password", "same password"])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    assert main(["user", "add", "oven-1", "--data-dir", str(tmp_path)]) == 1
    assert "differ" in capsys.readouterr().err
    assert main(["user", "add", "oven-1", "--data-dir", str(tmp_path)]) == 0
    assert Users(tmp_path).check("oven-1", b"same password")
