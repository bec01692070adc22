"""Files that only their owner may read."""

import os
from pathlib import Path

import pytest

from tidegate.auth.private_files import create_private, make_private_folder, read_private, write_private
from tidegate.exceptions import CredentialError


def test_promise_05_a_secret_has_its_mode_before_anything_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    real = os.fdopen

    def watching(descriptor: int, mode: str) -> object:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        return real(descriptor, mode)

    monkeypatch.setattr(os, "fdopen", watching)
    before = os.umask(0)
    try:
        write_private(tmp_path / "secret", b"x")
        make_private_folder(tmp_path / "folder")
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_it_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, b"one")
    write_private(path, b"two")
    assert read_private(path, 100) == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    assert read_private(tmp_path / "absent", 100) is None


def test_promise_05_what_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, b"one")
    path.chmod(0o640)
    with pytest.raises(CredentialError, match="others than its owner"):
        read_private(path, 100)


def test_what_is_too_long_or_a_link_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "secret", b"x" * 11)
    with pytest.raises(CredentialError, match="longer than 10"):
        read_private(tmp_path / "secret", 10)
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(CredentialError):
        read_private(tmp_path / "link", 100)


def test_a_folder_that_is_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    make_private_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_is_created_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "key"
    assert create_private(path, b"first")
    assert not create_private(path, b"second")
    assert read_private(path, 10) == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]
    with pytest.raises(CredentialError, match="cannot be written"):
        create_private(path / "below", b"x")
