"""Which broker a command talks to; TLS and certificates on the wire are told in `tests/cli/test_sub.py`."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import ca
from tests.integration.harness.manifests import config_map, dataflow, endpoint, write

from tidegate.engine.mqtt_target import Target, address_target, embedded_target, endpoint_target, tls_context
from tidegate.engine.reachable import BROKER_FILE_NAME
from tidegate.exceptions import ConnectFailed, CredentialError, DeclarationError
from tidegate.settings import Settings

TOKENS = {"port": 18883, "protocol": "Mqtt", "tls": True, "authentication": True, "audience": "aio-internal"}
PLAIN = {"port": 11883, "protocol": "Mqtt", "tls": False, "authentication": False, "audience": None}
PASSWORDS = {"port": 21883, "protocol": "Mqtt", "tls": False, "authentication": True, "audience": None}
WEBSOCKETS = {"port": 8080, "protocol": "WebSockets", "tls": False, "authentication": False, "audience": None}


def running(directory: Path, *ports: dict[str, Any]) -> Path:
    """Leave in a directory what a running broker does."""
    (directory / BROKER_FILE_NAME).write_text(json.dumps(ports))
    (directory / "ca.crt").write_bytes(ca().certificate)
    return directory


def test_the_embedded_broker_without_or_else_with_a_token(tmp_path: Path) -> None:
    plain = embedded_target(running(tmp_path, WEBSOCKETS, TOKENS, PASSWORDS, PLAIN))
    assert (plain.endpoint.port, plain.tls, plain.token) == (11883, None, None)
    secure = embedded_target(running(tmp_path, TOKENS, WEBSOCKETS))
    assert (secure.endpoint.host, secure.endpoint.port, secure.endpoint.is_embedded) == ("aio-broker", 18883, True)
    assert secure.tls is not None and secure.token is not None and secure.token.decode() not in repr(secure)
    with pytest.raises(ConnectFailed, match="no port for MQTT over TCP that takes anybody"):
        embedded_target(running(tmp_path, WEBSOCKETS, PASSWORDS))


def test_no_broker(tmp_path: Path) -> None:
    with pytest.raises(ConnectFailed, match="no broker runs") as failed:
        embedded_target(tmp_path)
    assert "--data-dir" in (failed.value.hint or "")
    assert list(tmp_path.iterdir()) == [], "nothing is made by looking"


def of_endpoint(name: str, directory: Path, *paths: Path) -> Target:
    return endpoint_target(name, [str(path) for path in paths], Settings(data_dir=directory))


def test_default_with_nothing_declared_is_the_embedded_broker(tmp_path: Path) -> None:
    target = of_endpoint("default", running(tmp_path, TOKENS))
    assert (target.endpoint.port, target.endpoint.is_embedded) == (18883, True)
    assert target.tls is not None and target.token is not None
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700
    (tmp_path / BROKER_FILE_NAME).unlink()
    with pytest.raises(ConnectFailed, match="no broker runs"):
        of_endpoint("default", tmp_path)


def test_a_declared_endpoint_whatever_is_wrong_with_a_data_flow(tmp_path: Path) -> None:
    files = tmp_path / "files"
    write(
        files,
        endpoint("cloud", 8883, host="broker.example", ca="trusted"),
        config_map("trusted", {"ca.crt": ca().certificate.decode()}),
        dataflow("wrong", source="absent"),
    )
    target = of_endpoint("cloud", tmp_path, files)
    assert (target.endpoint.host, target.endpoint.port, target.token) == ("broker.example", 8883, None)
    assert target.tls is not None
    write(files, config_map("trusted", {"ca.crt": "nothing"}))
    with pytest.raises(CredentialError, match="trusted"):
        of_endpoint("cloud", tmp_path, files)


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    files = tmp_path / "files"
    write(files, endpoint("cloud", 8883, keepAliveSeconds=-1), endpoint("other", 8883))
    with pytest.raises(DeclarationError) as failed:
        of_endpoint("cloud", tmp_path, files)
    assert "keepAliveSeconds" in failed.value.diagnostics[0].path
    with pytest.raises(DeclarationError) as failed:
        of_endpoint("absent", tmp_path, files)
    assert "default, other" in (failed.value.diagnostics[0].hint or "")
    write(files, endpoint("cloud", 8883, tls=True, audience="elsewhere"))
    with pytest.raises(CredentialError, match="no source of tokens"):
        of_endpoint("cloud", tmp_path, files)


def test_an_address_and_its_context(tmp_path: Path) -> None:
    target = address_target("aio-broker", 18883, None)
    assert target.is_address and not target.endpoint.is_embedded
    with pytest.raises(CredentialError, match="no such file"):
        tls_context(str(tmp_path / "absent"))
    (tmp_path / "empty").write_text("nothing")
    with pytest.raises(CredentialError, match="CA file"):
        tls_context(str(tmp_path / "empty"))
