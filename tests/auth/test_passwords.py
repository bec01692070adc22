"""Users and passwords."""

import hashlib
from pathlib import Path

import pytest

from tidegate.auth import passwords
from tidegate.auth.passwords import Users, users_path
from tidegate.exceptions import CredentialError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_N", 16)


def test_users_come_and_go(tmp_path: Path) -> None:
    users = Users(tmp_path)
    assert users.names() == []
    assert users.set("oven-1", b"a long password")
    assert not users.set("oven-1", b"another password")
    assert users.check("oven-1", b"another password")
    assert not users.check("oven-1", b"a long password")
    assert not users.check("nobody", b"another password")
    assert users.delete("oven-1") and not users.delete("oven-1")
    assert not users.check("oven-1", b"another password")


def test_a_mark_lasts_as_long_as_a_password(tmp_path: Path) -> None:
    users = Users(tmp_path)
    assert users.mark("one") is None and users.version() is None
    users.set("one", b"password-1")
    mark, version = users.mark("one"), users.version()
    assert mark is not None and users.check("one", b"password-1") == mark
    users.set("two", b"password-1")
    assert users.mark("one") == mark != users.mark("two") and users.version() != version
    users.set("one", b"password-1")
    assert users.mark("one") not in (mark, None)


def test_another_process_sees_the_change(tmp_path: Path) -> None:
    users, other = Users(tmp_path), Users(tmp_path)
    users.set("one", b"password-1")
    assert other.check("one", b"password-1")
    users.set("one", b"password-2")
    assert other.check("one", b"password-2")


def test_promises_05_and_06_nothing_of_a_password_is_in_the_file_and_nobody_else_reads_it(tmp_path: Path) -> None:
    Users(tmp_path).set("one", b"correct horse")
    path = users_path(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"correct" not in path.read_bytes()
    Users(tmp_path / "x").names()
    assert "correct" not in repr(Users(tmp_path).__dict__)


@pytest.mark.parametrize(
    ("name", "password"), [("", b"long enough"), ("a b", b"long enough"), ("a", b"short"), ("a", b"x" * 2000)]
)
def test_names_and_passwords_that_cannot_be_used(tmp_path: Path, name: str, password: bytes) -> None:
    with pytest.raises(CredentialError):
        Users(tmp_path).set(name, password)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    Users(tmp_path).set("one", b"password-1")
    users_path(tmp_path).write_text("[]")
    with pytest.raises(CredentialError):
        Users(tmp_path).check("one", b"password-1")


def test_an_unknown_user_costs_as_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = Users(tmp_path)
    users.set("one", b"password-1")
    calls: list[int] = []
    real = hashlib.scrypt

    def counting(*arguments: object, **named: object) -> bytes:
        calls.append(1)
        return real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "scrypt", counting)
    users.check("one", b"wrong-password")
    users.check("nobody", b"wrong-password")
    assert len(calls) == 2
