import os
import subprocess
import sys
from pathlib import Path

import pytest

from tidegate.engine.data_directory import DataDirectory, default_data_directory
from tidegate.exceptions import DataDirectoryInUse


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_DATA_HOME": "/data"}, "/var/lib/a"),
        ({"XDG_DATA_HOME": "/data", "HOME": "/nowhere"}, "/data/tidegate"),
        ({"XDG_DATA_HOME": "relative", "HOME": "/nowhere"}, "/nowhere/.local/share/tidegate"),
        ({"HOME": "/nowhere"}, "/nowhere/.local/share/tidegate"),
    ],
)
def test_default_directory(environment: dict[str, str], expected: str) -> None:
    assert default_data_directory(environment) == Path(expected)


def test_it_is_private_even_when_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.mkdir(mode=0o755)
    with DataDirectory(path):
        assert path.stat().st_mode & 0o777 == 0o700
        assert (path / "sessions").stat().st_mode & 0o777 == 0o700
        assert (path / "engine.lock").stat().st_mode & 0o777 == 0o600


def test_a_second_engine_is_refused_naming_the_first(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "data"), pytest.raises(DataDirectoryInUse) as caught:
        DataDirectory(tmp_path / "data")
    assert caught.value.process_id == os.getpid()
    assert str(caught.value) == f"the data directory {tmp_path / 'data'} is in use by process {os.getpid()}"


def test_the_lock_is_not_inherited_and_ends_with_its_holder(tmp_path: Path) -> None:
    with DataDirectory(tmp_path / "data"):
        command = [sys.executable, "-c", "print('up', flush=True); input()"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
    try:
        DataDirectory(tmp_path / "data").close()
    finally:
        child.communicate(b"\n")
