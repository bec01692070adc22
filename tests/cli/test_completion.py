"""What `tidegate completion` prints, read by a real bash that then completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from argcomplete.shell_integration import shellcode
from tests.cli.stores import Shell

ROOT = Path(__file__).parent.parent.parent
SOURCE = "source <(tidegate completion bash)"


def bash(shell: Shell, script: str, *arguments: str) -> str:
    """Run a script with `tidegate` on the path, and return what it prints."""
    program = shell.folder / "bin" / "tidegate"
    if not program.exists():
        shell.write(
            "bin/tidegate", f"#!{sys.executable}\nimport sys\nfrom tidegate.cli import main\nsys.exit(main())\n"
        )
        program.chmod(0o700)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    command = ["bash", "--norc", "-c", script, "bash", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def completed(shell: Shell, line: str) -> list[str]:
    """Return what a bash that has read the script offers at the end of a line."""
    script = f"""{SOURCE}
    complete -p tidegate | grep -q -- "-F _python_argcomplete tidegate" || exit 1
    COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE=9
    _python_argcomplete tidegate
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return bash(shell, script, line).split()


def test_bash_completes_commands_options_and_names(shell: Shell) -> None:
    assert shell.type("create", "configmap", "trusted", "--from-literal", "ca.crt=x") == 0
    assert completed(shell, "tidegate dataf") == ["dataflow"]
    assert completed(shell, "tidegate get --dat") == ["--data-dir"]
    assert completed(shell, "tidegate get configmaps ") == ["trusted"]
    assert completed(shell, "tidegate completion ") == ["bash", "zsh", "fish"]


def test_bash_offers_nothing_where_there_is_no_store_and_none_is_made(shell: Shell) -> None:
    assert completed(shell, "tidegate get configmaps ") == []
    assert not shell.data.exists()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_that_of_argcomplete_for_the_shell(shell: Shell, name: str) -> None:
    assert shell.type("completion", name) == 0
    assert (shell.out, shell.err) == (shellcode(["tidegate"], shell=name), "")
    assert ("function __fish_tidegate_complete" in shell.out) == (name == "fish")


def test_another_shell_is_not_understood(shell: Shell) -> None:
    assert shell.type("completion", "fsh") == 2
    assert shell.err == "error: `fsh` is no value for SHELL\n  hint: did you mean `fish`?\n"


def test_the_readme_says_what_is_tested_here() -> None:
    assert f"`{SOURCE}`" in (ROOT / "README.md").read_text()
