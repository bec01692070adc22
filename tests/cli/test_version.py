import json

import pytest

import tidegate
from tidegate.cli import main


def test_the_version_is_told_with_what_it_stands_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.split() == ["tidegate", tidegate.__version__]
    assert {line.split()[0] for line in others} >= {"python", "mqtt5"}


def test_it_is_data_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["tidegate"] == tidegate.__version__
