"""Secrets out of directories as Kubernetes mounts them, and what is not followed out of them."""

import os
import socket
from pathlib import Path

import pytest

from tidegate.auth import secret_directory
from tidegate.auth.secret_directory import OBJECT_BYTES_MAX, DirectorySource
from tidegate.exceptions import CredentialError


@pytest.fixture
def store(tmp_path: Path) -> Path:
    directory = tmp_path / "secrets"
    directory.mkdir()
    return directory


@pytest.fixture
def source(store: Path, tmp_path: Path) -> DirectorySource:
    return DirectorySource(store, tmp_path / "configmaps")


def mount(directory: Path, version: str, **values: bytes) -> None:
    """Write a volume the way the kubelet does: a new directory, then one swap of `..data`."""
    directory.mkdir(exist_ok=True)
    current = directory / f"..{version}"
    current.mkdir()
    for key, value in values.items():
        (current / key).write_bytes(value)
        if not os.path.lexists(directory / key):
            (directory / key).symlink_to(f"..data/{key}")
    (directory / "..data_tmp").symlink_to(current.name)
    (directory / "..data_tmp").replace(directory / "..data")


def error(source: DirectorySource, name: str = "a") -> CredentialError:
    with pytest.raises(CredentialError) as raised:
        source.secret(name)
    assert "CANARY" not in f"{raised.value!r} {raised.value.hint}"
    return raised.value


def test_plain_directories(store: Path, source: DirectorySource) -> None:
    (store / "a").mkdir()
    (store / "a" / "cert.pem").write_bytes(b"one")
    (store / "a" / ".dotted").write_bytes(b"two")
    assert source.secret("a") == {"cert.pem": b"one", ".dotted": b"two"}


def test_config_maps_are_text(tmp_path: Path, source: DirectorySource) -> None:
    mount(tmp_path / "configmaps", "unused")
    mount(tmp_path / "configmaps" / "ca", "1", root="ü".encode(), binary=b"\xff")
    assert source.config_map("ca") == {"root": "ü", "binary": "\ufffd"}


def test_a_mounted_volume_and_its_swap(store: Path, source: DirectorySource) -> None:
    mount(store / "a", "1", cert=b"old", key=b"old")
    assert source.secret("a") == {"cert": b"old", "key": b"old"}
    mount(store / "a", "2", cert=b"new", key=b"new")
    assert source.secret("a") == {"cert": b"new", "key": b"new"}


def test_a_swap_during_the_read_gives_no_mixture(
    store: Path, source: DirectorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount(store / "a", "1", cert=b"old", key=b"old")
    read_file = secret_directory._read_file

    def swap_after_the_first(path: Path, bytes_max: int) -> bytes | None:
        value = read_file(path, bytes_max)
        if value == b"old":
            mount(store / "a", "2", cert=b"new", key=b"new")
            for old in (store / "a" / "..1").iterdir():
                old.unlink()
        return value

    monkeypatch.setattr(secret_directory, "_read_file", swap_after_the_first)
    assert source.secret("a") == {"cert": b"new", "key": b"new"}


def test_a_key_that_leads_nowhere_is_an_error(store: Path, source: DirectorySource) -> None:
    (store / "a").mkdir()
    (store / "a" / "key").symlink_to("gone")
    assert str(error(source)) == "secret a: it changed each time it was read"


def test_what_is_no_key_is_passed_over(store: Path, source: DirectorySource) -> None:
    home = store / "a"
    home.mkdir()
    (home / "key").write_bytes(b"value")
    (home / "key~").write_bytes(b"an editor's")
    (home / "..hidden").write_bytes(b"no")
    (home / "directory").mkdir()
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        here = Path.cwd()
        os.chdir(home)
        try:
            sock.bind("socket")
        finally:
            os.chdir(here)
        assert source.secret("a") == {"key": b"value"}


def test_promise_14_a_key_that_leads_out_is_refused(store: Path, source: DirectorySource, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"CANARY")
    (store / "a").mkdir()
    (store / "a" / "key").symlink_to("../../outside")
    assert str(error(source)) == "secret a: the key key is a link that leads out of the store"
    assert error(source).hint == "put a copy there in its place"


def test_promise_14_a_directory_that_leads_out_is_refused(store: Path, source: DirectorySource, tmp_path: Path) -> None:
    mount(tmp_path / "outside", "1", key=b"CANARY")
    (store / "a").symlink_to("../outside")
    assert str(error(source)) == "secret a: its directory is a link that leads out of the store"


def test_promise_14_data_that_leads_out_is_refused(store: Path, source: DirectorySource, tmp_path: Path) -> None:
    mount(tmp_path / "outside", "1", key=b"CANARY")
    (store / "a").mkdir()
    (store / "a" / "..data").symlink_to(tmp_path / "outside")
    assert str(error(source)) == "secret a: its directory is a link that leads out of the store"


def test_promise_14_a_name_with_a_path_reads_nothing(source: DirectorySource) -> None:
    assert str(error(source, "../secrets")) == "secret '../secrets': this is not a name of a Kubernetes object"


def test_values_are_bounded(store: Path, source: DirectorySource) -> None:
    (store / "a").mkdir()
    (store / "a" / "one").write_bytes(bytes(OBJECT_BYTES_MAX - 1))
    (store / "a" / "two").write_bytes(b"x")
    assert len(source.secret("a")) == 2
    (store / "a" / "two").write_bytes(b"xx")
    assert str(error(source)) == "secret a: its values are larger than 1048576 bytes"
    assert error(source).hint == "keep only what is needed there"


def test_what_is_no_directory_is_an_error(store: Path, source: DirectorySource) -> None:
    (store / "a").write_bytes(b"CANARY")
    assert str(error(source)) == "secret a: cannot be read: not a directory"
    assert error(source).hint == "check the files' owner and mode"


@pytest.mark.parametrize("link", ["key", "..data"])
def test_a_loop_of_links_is_an_error(store: Path, source: DirectorySource, link: str) -> None:
    (store / "a").mkdir()
    (store / "a" / link).symlink_to(link)
    assert str(error(source)) == "secret a: cannot be read: too many levels of symbolic links"


def test_what_may_not_be_read_is_an_error(
    store: Path, source: DirectorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "a").mkdir()
    (store / "a" / "key").write_bytes(b"CANARY")

    def refuse(path: Path, bytes_max: int) -> bytes | None:
        raise PermissionError(13, "text", str(path))

    monkeypatch.setattr(secret_directory, "_read_file", refuse)
    assert str(error(source)) == "secret a: cannot be read: permission denied"


def test_what_is_missing_says_where_it_was_sought(store: Path, tmp_path: Path, source: DirectorySource) -> None:
    assert error(source).detail == f"not found under {store} or {tmp_path / 'configmaps'}"
    assert error(DirectorySource(None, None)).detail == "not found in any directory, for none was given"


def test_the_version_changes_with_every_change(store: Path, tmp_path: Path, source: DirectorySource) -> None:
    versions = [source.version()]

    def changed() -> bool:
        versions.append(source.version())
        assert source.version() == versions[-1]
        return versions[-1] != versions[-2]

    mount(store / "a", "1", key=b"old")
    assert changed()
    mount(store / "a", "2", key=b"new")
    assert changed()
    (tmp_path / "configmaps" / "ca").mkdir(parents=True)
    (tmp_path / "configmaps" / "ca" / "root").write_bytes(b"x")
    assert changed()
    (tmp_path / "configmaps" / "ca" / "root").unlink()
    assert changed()
    (store / "a" / "broken").symlink_to("nowhere")
    assert changed()
    assert not changed()
