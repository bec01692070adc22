"""`tools/debian-install` asks for nothing it may not do, and says the one command to type instead."""

import os
import subprocess
from pathlib import Path

SCRIPT = "tools/debian-install"
ROOT = Path(__file__).parents[2]


def run(tmp_path: Path, packages: str, *, alone: bool = False, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script where some programs are replaced by one line of shell each; alone: and no others are in the PATH."""
    for name, line in programs.items():
        program = tmp_path / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    environment = os.environ | {"PATH": str(tmp_path) if alone else f"{tmp_path}:{os.environ['PATH']}"}
    return subprocess.run(
        [SCRIPT, *packages.split()], cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )


def test_a_user_who_may_not_install_is_told_the_one_command(tmp_path: Path) -> None:
    ended = run(tmp_path, "mosquitto", id="echo 1000", dpkg_query="exit 1", apt_get="exit 9", sudo="exit 1")
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr == (
        "error: mosquitto must be installed, and that takes root\nhint: type: sudo tools/debian-install mosquitto\n"
    )


def test_without_sudo_the_one_command_is_of_su(tmp_path: Path) -> None:
    ended = run(tmp_path, "mosquitto", alone=True, id="echo 1000", dpkg_query="exit 1", apt_get="exit 9", grep="exit 1")
    assert ended.returncode == 3
    assert ended.stderr.endswith("\nhint: type: su -c 'tools/debian-install mosquitto'\n")


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    there = 'test "$4" = mosquitto && echo "ii "'
    ended = run(
        tmp_path, "python3.11-venv mosquitto", id="echo 1000", dpkg_query=there, apt_get="exit 9", sudo="exit 1"
    )
    assert ended.stderr.endswith("\nhint: type: sudo tools/debian-install python3.11-venv\n")


def test_a_system_without_apt_is_told_so(tmp_path: Path) -> None:
    ended = run(tmp_path, "mosquitto", alone=True, id="echo 1000", dpkg_query="exit 1", grep="exit 1")
    assert ended.returncode == 3
    assert ended.stderr.startswith("error: mosquitto must be installed, and this system has no apt-get\n")


def test_a_user_with_passwordless_sudo_is_not_asked(tmp_path: Path) -> None:
    ended = run(tmp_path, "mosquitto", id="echo 1000", dpkg_query="exit 1", apt_get="exit 9", sudo='printf "%s " "$@"')
    assert (ended.returncode, ended.stdout) == (0, "-n true -n tools/debian-install mosquitto ")


def test_what_is_installed_is_left_alone(tmp_path: Path) -> None:
    ended = run(tmp_path, "mosquitto", id="echo 0", dpkg_query="echo 'ii '", apt_get="exit 9")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
