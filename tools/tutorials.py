"""Runs the commands of docs/tutorial/*.md, and writes what they print into the pages.

usage: python -m tools.tutorials    (or `make docs`)

`tests/test_tutorials.py` fails when a page shows something else than its commands print. Another page needs no code. In a page

- a block with a name behind its language, as in ```yaml ovens.yaml, is a file, written where the commands run;
- a block of the language `console` has commands behind `$ `, a backslash at the end going on in the next line, each with what it
  prints: `tidegate ...`, run in this process, `cat FILE`, and `echo $?`, which has to follow a command that fails;
- blocks of other languages are only shown.
"""

import contextlib
import io
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tidegate.cli import main

__all__ = ["FOLDER", "TutorialError", "pages", "run_page", "write_pages"]

FOLDER = Path(__file__).parent.parent / "docs" / "tutorial"

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROMPT = "$ "


class TutorialError(Exception):
    """A page cannot be run as it is written."""


def pages() -> list[Path]:
    """Return the pages."""
    return sorted(FOLDER.glob("*.md"))


def run_page(text: str, folder: Path) -> str:
    """Run a page in an empty folder, and return it with what its commands print today."""
    session = _Session(folder)

    def renewed(block: re.Match[str]) -> str:
        language, name, content = block.groups()
        if name is not None:
            session.write(name, content)
        elif language == "console":
            return f"```console\n{''.join(session.run(content))}```"
        return block[0]

    made = BLOCK.sub(renewed, text)
    session.check_exit_code()
    return made


class _Session:
    """A shell as far as pages need one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._exit_code = 0
        self._last = ""

    def write(self, name: str, content: str) -> None:
        """Write a file of the page."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise TutorialError(f"{name} lies outside of the folder of the page")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def run(self, content: str) -> Iterator[str]:
        """Yield the lines of a block, with what its commands print today."""
        for command in _commands(content):
            yield f"{PROMPT}{command}\n"
            printed = self._run(shlex.split(command.replace("\\\n", " ")), command)
            yield printed if printed.endswith("\n") or not printed else f"{printed}\n"

    def check_exit_code(self) -> None:
        """Look whether a failure was left unsaid."""
        if self._exit_code:
            raise TutorialError(f"`{self._last}` ends with {self._exit_code}: say so with `$ echo $?` behind it")

    def _run(self, words: list[str], command: str) -> str:
        if words == ["echo", "$?"]:
            shown, self._exit_code = f"{self._exit_code}\n", 0
            return shown
        self.check_exit_code()
        self._last = command
        if len(words) == 2 and words[0] == "cat":
            return (self._folder / words[1]).read_text(encoding="utf-8")
        if not words or words[0] != "tidegate":
            raise TutorialError(f"`{command}` is none of the commands that pages may have")
        printed = io.StringIO()
        with contextlib.chdir(self._folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            self._exit_code = main(words[1:])
        return printed.getvalue()


def _commands(content: str) -> Iterator[str]:
    """Yield the commands of a block, without what they print."""
    lines = iter(content.split("\n"))
    for line in lines:
        if line.startswith(PROMPT):
            command = line.removeprefix(PROMPT)
            while command.endswith("\\"):
                command += "\n" + next(lines, "")
            yield command


def write_pages() -> None:
    """Write into every page what its commands print."""
    for page in pages():
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(run_page(page.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
    sys.stderr.write(f"{len(pages())} tutorial pages run\n")
