"""`tidegate emulate identity`; that it answers is for `integration/test_identities.py`."""

from pathlib import Path

import pytest

from tidegate.cli import emulate_identity, main
from tidegate.engine.identity_stand_in import FAULTS


def test_the_variables_are_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(emulate_identity, "_wait", lambda emulated: None)
    emulate_identity.identity(str(tmp_path), port=0, tls_port=0, life=60.0, fault="expired", client_id=["one"])
    out = capsys.readouterr().out
    assert "not Azure" in out
    assert "export AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:" in out
    assert f"export AZURE_FEDERATED_TOKEN_FILE={tmp_path}/federated-token" in out
    assert "# Arc" not in out


def test_the_faults_are_those_there_are() -> None:
    assert tuple(emulate_identity.FAULT_NAMES) == FAULTS


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--fault", "gremlins"], "no-identity"), (["--life", "soon"], "24h"), (["--port", "x"], "--port")],
)
def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], options: list[str], word: str) -> None:
    assert main(["emulate", "identity", *options]) == 2
    assert word in capsys.readouterr().err
