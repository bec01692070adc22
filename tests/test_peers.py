"""A missing peer is never a silent skip."""

import sys
from pathlib import Path

import pytest

from tests import peers

NOWHERE = {"mosquitto": peers.Peer("no-such-program", "sudo make mosquitto")}


def test_a_missing_peer_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", NOWHERE)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="mosquitto is not installed"):
        peers.require("mosquitto")


def test_a_missing_peer_is_skipped_and_counted_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", NOWHERE)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        peers.require("mosquitto")
    reasons = [f"Skipped: {skipped.value}", f"Skipped: {skipped.value}", "Skipped: for another reason"]
    assert peers.summary(reasons) == ["2 tests not run: mosquitto is not installed (sudo make mosquitto)"]
    assert peers.summary(reasons[1:]) == ["1 test not run: mosquitto is not installed (sudo make mosquitto)"]
    assert peers.summary(reasons[2:]) == []


def test_a_peer_that_is_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", {"shell": peers.Peer("sh", "")})
    assert peers.require("shell").endswith("/sh")


def test_a_package_of_npm_is_found_beside_the_python_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    package = peers.NodePackage("mqtt", "")
    assert package.find() is None
    folder = tmp_path / "node" / "node_modules" / "mqtt"
    folder.mkdir(parents=True)
    assert package.find() is None
    (folder / "package.json").write_text("{}")
    assert package.find() == str(folder)
