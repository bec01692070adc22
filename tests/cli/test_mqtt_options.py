"""Which broker is meant, and who comes."""

from pathlib import Path
from typing import Any

import pytest
from tests.certificates import ca

from tidegate.cli import main
from tidegate.cli.mqtt_options import PASSWORD_VARIABLE, ConnectionOptions, chosen_target, client_options
from tidegate.cli.output import NotUnderstood
from tidegate.exceptions import ConnectFailed, CredentialError


def options(**given: Any) -> ConnectionOptions:
    """Return options as a verb gets them; `given` are those that were typed."""
    made: Any = dict.fromkeys(ConnectionOptions.__annotations__)
    made.update(paths=[], use_os_certs=False, version="mqttv5", keep_alive=60, namespace="n")
    made.update(given)
    checked: ConnectionOptions = made
    return checked


def test_a_host_a_port_or_the_embedded_broker(tmp_path: Path) -> None:
    plain = chosen_target(options(host="broker.example"))
    assert (plain.endpoint.host, plain.endpoint.port, plain.tls, plain.token) == ("broker.example", 1883, None, None)
    assert not plain.endpoint.is_embedded
    # The name means the embedded broker for declared endpoints only.
    assert not chosen_target(options(host="aio-broker")).endpoint.is_embedded
    assert chosen_target(options(port=11883)).endpoint.host == "localhost"
    with pytest.raises(ConnectFailed, match="no broker runs"):
        chosen_target(options(data_dir=str(tmp_path)))
    with pytest.raises(ConnectFailed, match="no broker runs"):
        chosen_target(options(data_dir=str(tmp_path), endpoint="default"))


def test_tls(tmp_path: Path) -> None:
    authority = ca()
    bundle, certificate, key = (tmp_path / name for name in ("ca.crt", "client.crt", "client.key"))
    issued = authority.client()
    for path, pem in ((bundle, authority.certificate), (certificate, issued.certificate), (key, issued.key)):
        path.write_bytes(pem)
    secure = chosen_target(options(host="broker.example", cafile=str(bundle), cert=str(certificate), key=str(key)))
    assert secure.endpoint.port == 8883 and secure.tls is not None and secure.tls.check_hostname
    system = chosen_target(options(host="broker.example", use_os_certs=True))
    assert system.tls is not None and system.tls.check_hostname
    with pytest.raises(CredentialError, match="CA file"):
        chosen_target(options(host="b", cafile=str(tmp_path / "absent")))
    with pytest.raises(CredentialError, match="client certificate"):
        chosen_target(options(host="b", cafile=str(bundle), cert=str(certificate), key=str(bundle)))


def test_a_password_comes_from_an_option_a_file_or_the_environment_and_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("from file\r\nmore\n")
    monkeypatch.setenv(PASSWORD_VARIABLE, "from environment")
    named = {"host": "b", "username": "oven"}
    for given, password in (
        ({"password": "typed", "password_file": str(file)}, b"typed"),
        ({"password_file": str(file)}, b"from file"),
        ({}, b"from environment"),
    ):
        target = chosen_target(options(**named, **given))
        assert (target.username, target.password) == ("oven", password)
        assert password.decode() not in repr(target)
    monkeypatch.delenv(PASSWORD_VARIABLE)
    assert chosen_target(options(**named)).password is None
    with pytest.raises(CredentialError, match="No such file"):
        chosen_target(options(**named, password_file=str(tmp_path / "absent")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"paths": ["flows/"]}, "no endpoint was named"),
        ({"endpoint": "default", "host": "b"}, "--endpoint says where"),
        ({"endpoint": "default", "username": "u"}, "--endpoint says where"),
        ({"username": "u"}, "for a broker that was named"),
        ({"host": "b", "password": "p"}, "without a user name"),
        ({"host": "b", "cert": "c"}, "with TLS only"),
        ({"host": "b", "use_os_certs": True, "key": "k"}, "--key is the key of --cert"),
    ],
)
def test_options_that_do_not_go_together(given: dict[str, Any], said: str) -> None:
    with pytest.raises(NotUnderstood, match=said):
        chosen_target(options(**given))


def test_only_mqtt_5_is_spoken() -> None:
    for version in ("mqttv5", "5", "MQTTv5"):
        made = client_options("sub", options(version=version, client_id="me", keep_alive=5), 9)
        assert (made.client_id, made.keep_alive_seconds, made.session_expiry_seconds) == ("me", 5, 9)
    assert client_options("pub", options()).client_id.startswith("tidegate-pub-")
    with pytest.raises(NotUnderstood, match="not mqttv311") as refused:
        client_options("sub", options(version="mqttv311"))
    assert "mosquitto_sub" in (refused.value.hint or "")
    with pytest.raises(NotUnderstood, match="not 6"):
        client_options("sub", options(version="6"))


def test_numbers_have_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["-p", "0"], ["-p", "65536"], ["-p", "x"], ["-k", "-1"]):
        assert main(["sub", "-t", "a", *wrong]) == 2
    assert "is not a whole number from 1 to 65535" in capsys.readouterr().err


def test_h_is_the_host_and_help_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("pub", "sub", "simulate"):
        assert main([verb, "--help"]) == 0
        shown = capsys.readouterr().out
        assert "--host -h" in shown and "--help  " in shown and "--help -h" not in shown
    assert main(["pub", "-h", "127.0.0.1", "-p", "1", "-t", "a", "-m", "x"]) == 1
    assert "127.0.0.1:1: connection refused" in capsys.readouterr().err
    assert main(["status", "-h"]) == 0
    assert "--help -h" in capsys.readouterr().out
