"""`tidegate import mosquitto`, as one types it."""

import json
from pathlib import Path

import pytest

from tidegate.cli import import_mosquitto, main

BRIDGE = "connection cloud\naddress broker.example.com:8883\nclientid edge\nbridge_cafile ca.crt\ntopic plant/# out 1\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bridge.conf").write_text(BRIDGE)
    Path("ca.crt").write_text(CERTIFICATE)


def test_manifests_come_out_and_validate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "mosquitto", "bridge.conf"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "no findings; 1 data flow\n"
    Path("bridge.yaml").write_text(captured.out)
    assert "kind: ConfigMap" in captured.out
    assert main(["validate", "bridge.yaml"]) == 0
    assert "in 1 data flow\n" in capsys.readouterr().err


def test_what_is_refused_is_said_with_its_line_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bridge.conf").write_text(BRIDGE + "remote_username me\nremote_password geheim\n")
    assert main(["import", "mosquitto", "bridge.conf"]) == 1
    captured = capsys.readouterr()
    assert "kind: Dataflow" in captured.out
    assert "--> bridge.conf:7:1  connection cloud  remote_password\n  7 | remote_password ***\n" in captured.err
    assert "geheim" not in captured.out + captured.err


def test_json_has_both(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ca.crt").unlink()
    assert main(["import", "mosquitto", "bridge.conf", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in found["resources"]] == ["DataflowEndpoint", "DataflowEndpoint", "Dataflow"]
    assert [(each["code"], each["line"]) for each in found["findings"]] == [("by-hand", 4)]


def test_the_local_host_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "mosquitto", "bridge.conf", "--local-host", "edge:1884"]) == 0
    assert "host: edge:1884" in capsys.readouterr().out
    assert main(["import", "mosquitto", "bridge.conf", "--local-host", "mqtt://edge"]) == 2


def test_what_is_no_configuration(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["import", "mosquitto", "missing.conf"]) == 2
    Path("binary").write_bytes(b"\xff\xfe")
    assert main(["import", "mosquitto", "binary"]) == 2
    monkeypatch.setattr(import_mosquitto, "FILE_BYTES_MAX", 10)
    assert main(["import", "mosquitto", "bridge.conf"]) == 2
    assert capsys.readouterr().err.count("cannot be read as text") == 3
