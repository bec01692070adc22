"""`tidegate pub`; with a broker it is told in `test_sub`."""

from pathlib import Path

import pytest

from tidegate.cli import main


def test_what_cannot_be_published(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["pub", "-t", "a/+", "-m", "x", "--data-dir", str(tmp_path)]) == 1
    assert "wildcard" in capsys.readouterr().err
    assert main(["pub", "-m", "x"]) == 2
    assert main(["pub", "-t", "a", "-m", "x", "-q", "3"]) == 2
    assert main(["pub", "-t", "a", "-m", "x", "--host", "127.0.0.1", "-p", "1"]) == 1
    assert "hint: " in capsys.readouterr().err
