"""Which broker is meant."""

from pathlib import Path

import pytest
from tests.certificates import ca

from tidegate.cli.mqtt_options import chosen_target
from tidegate.exceptions import ConnectFailed, CredentialError


def test_a_host_a_port_or_the_embedded_broker(tmp_path: Path) -> None:
    plain = chosen_target("broker.example", None, None, None)
    assert (plain.host, plain.port, plain.tls, plain.token) == ("broker.example", 1883, None, None)
    assert chosen_target(None, 11883, None, None).host == "localhost"
    bundle = tmp_path / "ca.crt"
    bundle.write_bytes(ca().certificate)
    secure = chosen_target("broker.example", None, str(bundle), None)
    assert secure.port == 8883 and secure.tls is not None and secure.tls.check_hostname
    with pytest.raises(CredentialError):
        chosen_target("broker.example", None, str(tmp_path / "absent"), None)
    with pytest.raises(ConnectFailed, match="no broker runs"):
        chosen_target(None, None, None, str(tmp_path))
