"""The table of verbs, and that asking costs nothing."""

import subprocess
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from tidegate.cli import VERBS, main


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_keeps_the_convention(name: str) -> None:
    module = import_module(VERBS[name].module)
    words = name.split()
    files = ["_".join(words[:length]) for length in range(1, len(words) + 1)]
    assert module.__name__ in [f"tidegate.cli.{file}" for file in files]
    assert callable(getattr(module, VERBS[name].function or name))
    assert list(signature(module.arguments).parameters) == ["context"]
    assert VERBS[name].summary.endswith(".")
    for what, typed in module.EXAMPLES:
        assert what.endswith(".")
        assert typed.startswith(f"tidegate {name.split()[0]}")


HEAVY = frozenset(("asyncio", "pydantic", "uvloop", "mqtt5", "ssl", "cryptography", "prometheus_client", "websockets"))


def imported(arguments: list[str]) -> set[str]:
    """Return what is heavy and imported by a command."""
    code = (
        "import sys, contextlib, io\n"
        "from tidegate.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main({arguments!r})\n"
        "print(*sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) & HEAVY


@pytest.mark.parametrize("arguments", [["--version"], ["version"], ["--help"], ["validate", "--help"]])
def test_what_only_asks_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported(arguments) == set()


def test_what_is_validated_without_credentials_imports_nothing_that_connects() -> None:
    assert imported(["validate", str(Path(__file__).parents[2] / "examples" / "quickstart")]) == {"pydantic"}


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in VERBS:
        assert f"\n    {name.split()[0]}" in shown
