"""Modes of files that hold secrets."""

from pathlib import Path

import pytest

from tidegate.auth.file_modes import loose_file, loose_secrets


def secret(folder: Path, name: str, mode: int) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("x")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("mode", "may"),
    [
        (0o600, None),
        (0o640, None),
        (0o400, None),
        (0o644, "may be read by everybody on this machine"),
        (0o660, "may be changed by its group"),
        (0o602, "may be changed by everybody on this machine"),
        (0o666, "may be changed by everybody on this machine"),
    ],
)
def test_promise_05_a_group_may_read_and_nobody_else(open_folder: Path, mode: int, may: str | None) -> None:
    found = loose_file(secret(open_folder / "press", "client_key.pem", mode))
    assert (None if found is None else found.may) == may
    assert found is None or found.mode == mode


def test_a_folder_that_nobody_else_may_enter_keeps_its_files(open_folder: Path) -> None:
    path = secret(open_folder / "press", "client_key.pem", 0o644)
    assert loose_file(path) is not None
    open_folder.chmod(0o700)
    assert loose_file(path) is None


def test_a_certificate_is_for_everybody_to_read_and_not_to_change(open_folder: Path) -> None:
    for name in ("client_cert.pem", "client_intermediate_certs.pem", "tls.crt"):
        assert loose_file(secret(open_folder / "press", name, 0o644)) is None
        assert loose_file(secret(open_folder / "press", name, 0o666)) is not None


def test_a_volume_of_kubernetes_is_as_kubernetes_makes_it(open_folder: Path) -> None:
    volume = open_folder / "press"
    volume.mkdir(mode=0o777)
    volume.chmod(0o1777)
    path = secret(volume / "..2026_01_31", "client_key.pem", 0o644)
    (volume / "..data").symlink_to("..2026_01_31")
    (volume / "client_key.pem").symlink_to("..data/client_key.pem")
    assert loose_secrets(open_folder) == []
    path.chmod(0o646)
    (found,) = loose_secrets(open_folder)
    assert (found.path, found.may) == (volume / "client_key.pem", "may be changed by everybody on this machine")


def test_a_link_is_not_mistaken_for_what_it_leads_to(open_folder: Path) -> None:
    path = secret(open_folder / "store", "key", 0o600)
    link = open_folder / "link"
    link.symlink_to(path)
    assert link.lstat().st_mode & 0o777 == 0o777
    assert loose_file(link) is None


def test_what_is_no_file_or_not_there_is_not_reported(open_folder: Path) -> None:
    (open_folder / "press" / "folder").mkdir(parents=True)
    (open_folder / "press" / "gone").symlink_to("nowhere")
    assert loose_secrets(open_folder) == [] and loose_secrets(open_folder / "none") == []
