"""The example of transformations is well: its resources validate without a finding, and its flow tests pass."""

from pathlib import Path

import pytest

from tidegate.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "transformations"


def test_it_validates_without_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--datasets-dir", str(EXAMPLE / "datasets"), "--schemas-dir", str(EXAMPLE / "schemas")]
    assert main(["validate", str(EXAMPLE), *folders]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("no findings in 2 data flows\n")


def test_its_flow_tests_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(EXAMPLE)]) == 0, capsys.readouterr().out


def test_a_message_of_the_data_set_is_traced_with_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--datasets-dir", str(EXAMPLE / "datasets"), "--schemas-dir", str(EXAMPLE / "schemas")]
    message = ["-t", "ovens/8/state", "-m", '{"oven": "oven-8", "temperature": 250}']
    assert main(["trace", str(EXAMPLE), "--flow", "ovens-to-alarms", *folders, *message]) == 0
    out = capsys.readouterr().out
    assert 'data set 1: found $context(limits) = {"id": "oven-8", "max": 240, "owner": "Ben"}; the first record' in out
    assert '{"oven":"oven-8","above":10,"call":"Ben"}' in out
