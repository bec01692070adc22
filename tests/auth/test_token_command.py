import os
import sys
from pathlib import Path

import pytest
from tests.integration.harness.waiting import until

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.auth.token_command import TokenCommand
from tidegate.exceptions import CredentialError


def command(program: str, *, seconds_max: float = 20.0, arguments: tuple[str, ...] = ()) -> TokenCommand:
    return TokenCommand("my-broker", (sys.executable, "-c", program, *arguments), seconds_max=seconds_max)


def said(source: TokenCommand) -> str:
    with pytest.raises(CredentialError) as caught:
        source.fetch()
    return f"{caught.value} {caught.value.hint}"


def test_what_it_writes_is_the_token() -> None:
    source = command("import sys; print(sys.argv[1])", arguments=("a b; $HOME `x`",))
    assert source.fetch() == b"a b; $HOME `x`\n"
    assert not source.is_cheap


def test_a_failing_command_shows_nothing_of_what_it_writes() -> None:
    text = said(command("import sys; print('canary'); print('canary', file=sys.stderr); sys.exit(3)"))
    assert text.startswith("token command for my-broker (")
    assert "it ended with exit code 3" in text
    assert "canary" not in text


def test_it_is_ended_with_its_children_when_it_takes_too_long(tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    program = (
        "import subprocess, sys, os, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} {child.pid}')\n"
        "time.sleep(60)"
    )
    text = said(command(program, seconds_max=2.0, arguments=(str(ids),)))
    assert "no token within 2 s" in text
    for process in map(int, ids.read_text().split()):
        until(lambda process=process: not is_running(process), "the command and its child to be ended")  # type: ignore[misc]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_command_that_closes_its_output_and_stays_is_ended_too() -> None:
    assert "did not end within 0.5 s" in said(
        command("import os, time; os.close(1); os.close(2); time.sleep(60)", seconds_max=0.5)
    )


def test_output_is_limited() -> None:
    text = said(command(f"import sys\nwhile True: sys.stdout.write('x' * {TOKEN_BYTES_MAX})"))
    assert "it writes more than 16384 bytes" in text


def test_a_command_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    assert "it cannot be started: no such file" in said(TokenCommand("a", (str(tmp_path / "none"),)))
    assert "it cannot be started: permission denied" in said(TokenCommand("a", (str(tmp_path),)))
    assert "it cannot be started" in said(TokenCommand("a", ("a\0b",)))


def test_many_open_files_are_no_obstacle() -> None:
    ends = [os.pipe() for _ in range(600)]
    try:
        assert command("print('token')").fetch() == b"token\n"
    finally:
        for end in (each for pair in ends for each in pair):
            os.close(end)
