"""`tidegate validate`, as one types it."""

import json
from pathlib import Path

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.cli import main

APPLIES = (
    "applies: namespace azure-iot-operations; data flows need the local broker on one side; "
    "sessionExpirySeconds is 600 where absent; $shared/ is sent as $share/; a filter that is true drops the message\n"
)


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(DEFAULT + CLOUD + UPLINK)
    assert main(["validate", "a.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "no findings in 1 data flow\n" + APPLIES


def test_findings_are_data_and_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CLOUD.replace("host:", "qos: 2\n    host:"))
    assert main(["validate", "a.yaml"]) == 1
    captured = capsys.readouterr()
    assert captured.out == (
        "error[out-of-range]: qos is 2; allowed are 0 and 1\n"
        "  --> a.yaml:8:10  DataflowEndpoint/cloud  spec.mqttSettings.qos\n"
        "  8 |     qos: 2\n"
        "    |          ^\n"
    )
    assert captured.err.startswith("1 error in 0 data flows\n")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(DEFAULT + UPLINK)
    assert main(["validate", "-o", "json", "a.yaml"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert finding["code"] == "missing-reference"
    assert finding["file"] == "a.yaml"
    assert finding["path"] == "spec.operations[1].destinationSettings.endpointRef"
    line = Path("a.yaml").read_text().split("\n")[finding["line"] - 1]
    assert line[finding["column"] - 1 :].startswith("cloud")


def test_options_are_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    remote = UPLINK.replace("endpointRef: default", "endpointRef: site")
    Path("a.yaml").write_text(CLOUD + CLOUD.replace("name: cloud", "name: site, namespace: plant") + remote)
    assert main(["validate", "a.yaml"]) == 1
    assert main(["validate", "a.yaml", "--allow-remote-only", "--namespace", "plant"]) == 0
    out = capsys.readouterr().out
    assert out.count("error[namespace]") == 1
    assert out.count("error[local-broker]") == 1


def test_a_warning_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    source = DEFAULT.replace("    host:", "    qos: 0\n    host:")
    Path("a.yaml").write_text(source + CLOUD + UPLINK)
    Path("b.yaml").write_text(UPLINK.replace("uplink", "other").replace("spec:", "spec:\n  mode: Disabled"))
    assert main(["validate", "a.yaml", "b.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("warning[promise]: ")
    assert captured.err.startswith("2 warnings in 1 data flow and 1 disabled\n")


def test_no_path_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate"]) == 2
    assert "PATH" in capsys.readouterr().err


def test_a_path_that_leads_nowhere_is_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "nowhere", "--secrets-dir", "neither"]) == 1
    assert capsys.readouterr().out.count("error[no-such-") == 2
