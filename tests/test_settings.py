"""What the process is told beside the resources."""

from dataclasses import FrozenInstanceError
from pathlib import PurePath

import pytest

from tidegate.settings import Settings


def test_only_the_data_directory_has_no_default() -> None:
    settings = Settings(data_dir=PurePath("data"))
    assert settings == Settings(data_dir=PurePath("data"))
    assert (settings.stall_seconds, settings.drain_seconds) == (60.0, 5.0)
    assert settings.packet_bytes_max is None
    assert settings.on_rejected is None
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 9600)


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings(data_dir=PurePath("data")).http_port = 0  # type: ignore[misc]
