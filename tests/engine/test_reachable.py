"""What commands on the same machine read about the broker."""

import stat
from pathlib import Path

import pytest

from tidegate.engine.reachable import (
    BROKER_FILE_NAME,
    Reachable,
    forget_reachable,
    read_reachable,
    write_reachable,
)

PORT = Reachable(port=18883, protocol="Mqtt", tls=True, authentication=True, audience="aio-internal")


def test_what_is_written_is_read_until_nothing_is_open(tmp_path: Path) -> None:
    write_reachable(tmp_path, [PORT])
    assert read_reachable(tmp_path) == [PORT]
    assert stat.S_IMODE((tmp_path / BROKER_FILE_NAME).stat().st_mode) == 0o600
    forget_reachable(tmp_path)
    forget_reachable(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_reachable(tmp_path)
