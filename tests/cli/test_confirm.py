"""What is asked before something is lost."""

import sys
from io import StringIO

import pytest

from tidegate.cli.confirm import confirm
from tidegate.cli.output import NotUnderstood


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "YES\n", " yes \n"])
def test_a_yes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    confirm("Delete it?", yes=False)
    assert capsys.readouterr().err == "Delete it? (y/N): "


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_anything_else_is_a_no(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(SystemExit, match="nothing was changed"):
        confirm("Delete it?", yes=False)


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO("y\n"))
    confirm("Delete it?", yes=True)
    with pytest.raises(NotUnderstood):
        confirm("Delete it?", yes=False)
