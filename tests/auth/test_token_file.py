import os
from pathlib import Path

import pytest

from tidegate.auth.client_token import TOKEN_BYTES_MAX
from tidegate.auth.token_file import TokenFile
from tidegate.exceptions import CredentialError


def test_it_is_read_each_time_and_a_change_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "token"
    source = TokenFile(path)
    missing = source.version()
    path.write_text("one")
    first = source.version()
    assert source.fetch() == b"one"
    path.write_text("other")
    assert source.fetch() == b"other"
    assert len({missing, first, source.version()}) == 3


def test_failure_24_a_projected_volume_swaps_links(tmp_path: Path) -> None:
    for name, text in (("..1", "one"), ("..2", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "token").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "token").symlink_to("..data/token")
    source = TokenFile(tmp_path / "token")
    before = source.version()
    assert source.fetch() == b"one"
    (tmp_path / "..fresh").symlink_to("..2")
    (tmp_path / "..fresh").rename(tmp_path / "..data")
    assert source.version() != before
    assert source.fetch() == b"two"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="cannot be read: no such file"):
        TokenFile(tmp_path / "none").fetch()
    with pytest.raises(CredentialError, match="this is not a file"):
        TokenFile(tmp_path).fetch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CredentialError, match="this is not a file"):
        TokenFile(tmp_path / "pipe").fetch()


def test_no_more_is_read_than_a_token_can_have(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"x" * 100_000)
    assert len(TokenFile(tmp_path / "token").fetch()) == TOKEN_BYTES_MAX + 2
