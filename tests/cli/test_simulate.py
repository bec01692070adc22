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
    assert [name for _, name, _ in islice(readings(1, 2), 3)] == ["oven-1", "thermostat-1", "thermostat-2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "0"], "number above 0"),
        (["--rate", "x"], "number above 0"),
        (["-C", "0"], "whole number"),
        (["-t", "a/#"], "wildcard"),
        (["--ovens", "0", "--thermostats", "0"], "no device"),
    ],
)
def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["simulate", *arguments]) == 2
    assert said in capsys.readouterr().err
