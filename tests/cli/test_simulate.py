"""`tidegate simulate`; with a broker it is told in `test_sub`."""

from itertools import islice

import pytest

from tidegate.cli import main
from tidegate.cli.simulate import readings


def test_readings_are_the_same_each_time_and_of_all_devices() -> None:
    first, again = list(islice(readings(), 12)), list(islice(readings(), 12))
    assert first == again
    assert [kind for kind, _, _ in first[:6]] == ["oven"] * 4 + ["thermostat"] * 2
    assert first[0][2]["temperature"] != first[6][2]["temperature"]


def test_what_is_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--rate", "0"]) == 2
    assert main(["simulate", "-t", "a/#"]) == 2
    assert "wildcard" in capsys.readouterr().err
