"""`tidegate pub`; with a broker it is told in `test_sub`."""

import pytest

from tidegate.cli import main

NOWHERE = ["-h", "127.0.0.1", "-p", "1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-t", "a/+", "-m", "x"], "wildcard"),
        (["-t", "a", "-m", "x", "--response-topic", "a/#"], "wildcard"),
        (["-m", "x"], "--topic"),
        (["-t", "a", "-m", "x", "-q", "3"], "no value for --qos"),
        (["-t", "a", "-m", "x", "-n"], "more than one payload"),
        (["-t", "a", "-f", "absent"], "absent"),
        (["-t", "a", "-m", "x", "--user-property", "name"], "NAME=VALUE"),
        (["-t", "a", "-m", "x", "--expiry", "0"], "whole number"),
        (["-t", "a", "-m", "x", "-V", "mqttv311"], "MQTT 5"),
    ],
)
def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["pub", *arguments, *NOWHERE]) == 2
    captured = capsys.readouterr().err
    assert said in captured and "hint: " in captured


@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_no_broker_is_a_failure_in_words(capsys: pytest.CaptureFixture[str], qos: str) -> None:
    assert main(["pub", "-t", "a", "-m", "x", "-q", qos, *NOWHERE]) == 1
    assert "connection refused" in capsys.readouterr().err
