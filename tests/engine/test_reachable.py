"""What commands on the same machine read about the broker."""

import errno
import os
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
from tidegate.exceptions import CredentialError

PORT = Reachable(port=18883, protocol="Mqtt", tls=True, authentication=True, audience="aio-internal")


def test_what_is_written_is_read_until_nothing_is_open(tmp_path: Path) -> None:
    write_reachable(tmp_path, [PORT])
    assert read_reachable(tmp_path) == [PORT]
    assert stat.S_IMODE((tmp_path / BROKER_FILE_NAME).stat().st_mode) == 0o600
    forget_reachable(tmp_path)
    forget_reachable(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_reachable(tmp_path)


def test_what_is_written_already_needs_no_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_reachable(tmp_path, [PORT])
    monkeypatch.setattr(os, "fsync", full)
    write_reachable(tmp_path, [PORT])
    assert read_reachable(tmp_path) == [PORT]
    with pytest.raises(CredentialError):
        write_reachable(tmp_path, [])
