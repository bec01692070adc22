"""Golden cases: commands typed one after the other, and what they print. `tests/cases/cli/README.md` has the form."""

import pwd
import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.cli.stores import Shell

CASES = Path(__file__).parent.parent / "cases" / "cli"
TYPED = "=== typed ===\n"

_FILE = re.compile(r"^=== file (.+) ===\n", re.MULTILINE)
_PROMPT = "$ "
_FAULT = "2> "


@dataclass(frozen=True, slots=True)
class Case:
    """One case file, read. `given` is its text before what was typed."""

    given: str
    files: dict[str, str]
    commands: tuple[str, ...]
    transcript: str

    def typed(self, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> str:
        """Type the commands on an empty store, a minute apart, and return the transcript."""
        for name, text in self.files.items():
            shell.write(name, text)
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="ann"))
        transcript = ""
        for minute, command in enumerate(self.commands):
            monkeypatch.setattr(time, "time", lambda now=1_790_000_000.0 + 60 * minute: now)
            transcript += f"{_PROMPT}{command}\n" + _result(shell, command)
        return transcript


def _result(shell: Shell, command: str) -> str:
    arguments = shlex.split(command)
    assert arguments.pop(0) == "tidegate", command
    stdin = ""
    if "<" in arguments:
        *arguments, _, name = arguments
        stdin = (shell.folder / name).read_text()
    code = shell.type(*arguments, stdin=stdin)
    out, err = (_lines(text.replace(str(shell.folder), "/folder")) for text in (shell.out, shell.err))
    assert not any(line.startswith((_PROMPT, _FAULT, "exit ")) for line in out), "a line that the form does not have"
    return "".join([*out, *(_FAULT + line for line in err), f"exit {code}\n" if code else ""])


def _lines(text: str) -> list[str]:
    assert not text or text.endswith("\n"), "a text that the form does not have"
    return text.splitlines(keepends=True)


def read_case(path: Path) -> Case:
    """Read a case file."""
    given, marker, transcript = path.read_text(encoding="utf-8").partition(TYPED)
    assert marker, f"{path.name} has no line `{TYPED.strip()}`"
    before, *parts = _FILE.split(given)
    assert not before, f"{path.name} begins with what is no file"
    commands = [line.removeprefix(_PROMPT) for line in transcript.splitlines() if line.startswith(_PROMPT)]
    return Case(given, dict(zip(parts[::2], parts[1::2], strict=True)), tuple(commands), transcript)
