"""A resource store for tests of verbs: in a folder of its own, as is the key of its secrets."""

import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tidegate.cli import main
from tidegate.engine.workspace import Workspace
from tidegate.settings import Settings


class Shell:
    """Types commands; `out` and `err` are what the last one printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.out, self.err = "", ""
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        monkeypatch.setenv("STATE_DIRECTORY", str(self.data))

    def type(self, *arguments: str, stdin: str = "") -> int:
        """Run one command, and return its exit code."""
        self._monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin.encode())))
        self._capsys.readouterr()
        code = main(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        return code

    def workspace(self) -> Workspace:
        """Open what the commands work on."""
        return Workspace(
            Settings(data_dir=self.data), environment={"XDG_CONFIG_HOME": str(self.folder / "config")}, now_wall=0.0
        )

    def write(self, name: str, *texts: str) -> str:
        """Write a file, and return its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(texts))
        return name


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell in an empty folder."""
    yield Shell(tmp_path, capsys, monkeypatch)
