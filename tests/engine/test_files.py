"""Reading declared files, and what is said about what cannot be read."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tidegate.cli.output import render_diagnostics
from tidegate.engine.files import FILE_BYTES_MAX, check_folders, list_files, list_tests, read


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(*paths: str) -> str:
    sources, diagnostics = read(paths)
    assert sources == []
    return render_diagnostics(diagnostics, {})


def write(path: str, text: str | bytes = "a: 1\n") -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_folders_are_read_in_the_order_of_names_without_what_is_hidden() -> None:
    for path in (
        "m/b.yml",
        "m/a.yaml",
        "m/c/d.json",
        "m/.hidden.yaml",
        "m/.git/e.yaml",
        "m/notes.txt",
        "m/a.yaml.fresh",
    ):
        write(path, path)
    sources, diagnostics = read(["m"])
    assert diagnostics == []
    assert [(source.file, source.text) for source in sources] == [(p, p) for p in ("m/a.yaml", "m/b.yml", "m/c/d.json")]
    assert list_files(["m"]) == [Path("m/a.yaml"), Path("m/b.yml"), Path("m/c/d.json")]


@pytest.mark.parametrize("mark", ["engine.lock", "broker.db", "resources.db", "users.json"])
def test_the_data_directory_of_an_engine_holds_no_manifests(mark: str) -> None:
    for path in ("m/a.yaml", "m/state/broker.json", "m/state/sessions/1.json", f"m/state/{mark}", "m/users/users.json"):
        write(path)
    Path("m/state", mark).chmod(0o600)
    Path("m/users/users.json").chmod(0o644)
    assert list_files(["m"]) == [Path("m/a.yaml"), Path("m/users/users.json")], (
        "a file that is not private is somebody's"
    )
    assert "this is the data directory of an engine" in said("m/state")
    sources, diagnostics = read(["m/state/broker.json"])
    assert len(sources) == 1 and diagnostics == [], "what is named is read"


def test_flow_tests_of_a_folder_are_no_manifests() -> None:
    for path in ("m/a.yaml", "m/a.test.yaml", "m/b/c.test.json", "m/d.test.yml", "m/test.yaml", "n/e.test.txt"):
        write(path)
    assert list_files(["m"]) == [Path("m/a.yaml"), Path("m/test.yaml")]
    assert list_tests(["m"]) == [Path("m/a.test.yaml"), Path("m/b/c.test.json"), Path("m/d.test.yml")]
    assert list_tests(["m/a.yaml", "n/e.test.txt"]) == [Path("m/a.yaml"), Path("n/e.test.txt")]
    assert list_files(["m/a.test.yaml"]) == [Path("m/a.test.yaml")]


def test_a_named_file_is_read_whatever_its_ending_and_once() -> None:
    write("m/a.yaml")
    write("flows.txt")
    sources, _ = read(["flows.txt", "m", "m/a.yaml", "./m/../m"])
    assert [source.file for source in sources] == ["flows.txt", "m/a.yaml"]


def test_a_mounted_config_map_is_read_through_its_links() -> None:
    write("m/..2026/a.yaml")
    Path("m/..data").symlink_to("..2026")
    Path("m/a.yaml").symlink_to("..data/a.yaml")
    assert [source.file for source in read(["m"])[0]] == ["m/a.yaml"]


def test_a_link_to_the_folder_above_is_not_followed() -> None:
    write("m/a.yaml")
    Path("m/again").symlink_to(".")
    assert list_files(["m"]) == [Path("m/a.yaml")]


def test_line_ends_and_byte_order_marks_are_made_alike() -> None:
    write("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n")
    assert read(["a.yaml"])[0][0].text == "a: 1\nb: 2\nc: 3\n"


def test_no_such_path() -> None:
    expected = "error[no-such-file]: there is no such file or folder\n  --> nowhere.yaml:1:1\n  hint: check the path\n"
    assert said("nowhere.yaml") == expected
    assert list_files(["nowhere.yaml"]) == []


def test_empty_folder() -> None:
    write("m/notes.txt")
    assert said("m") == (
        "error[empty-folder]: the folder has no manifests\n"
        "  --> m:1:1\n"
        "  hint: their names end in .yaml, .yml or .json\n"
    )


def test_promise_16_too_large() -> None:
    write("a.yaml", b"#" * (FILE_BYTES_MAX + 1))
    expected = (
        "error[too-large]: the file is larger than 4 MiB\n  --> a.yaml:1:1\n  hint: split it into several files\n"
    )
    assert said("a.yaml") == expected
    write("a.yaml", b"#" * FILE_BYTES_MAX)
    assert read(["a.yaml"])[1] == []


def test_not_utf_8() -> None:
    write("a.yaml", "a: 1\nb: é".encode() + b"\xff")
    expected = "error[not-utf-8]: the file is not UTF-8: byte 0xFF\n  --> a.yaml:2:5\n  hint: save it as UTF-8\n"
    assert said("a.yaml") == expected


def test_unreadable_file_and_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.yaml")
    write("m/n/b.yaml")
    real = Path.iterdir

    def refused(path: Path, *_: str) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def iterdir(path: Path) -> Iterator[Path]:
        return real(path) if path.name == "m" else refused(path)

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert said("a.yaml") == "error[unreadable]: the file cannot be read: permission denied\n  --> a.yaml:1:1\n"
    assert said("m") == "error[unreadable]: the folder cannot be read: permission denied\n  --> m/n:1:1\n"


def test_what_is_no_file_cannot_be_read() -> None:
    Path("loop.yaml").symlink_to("loop.yaml")
    sources, diagnostics = read(["loop.yaml"])
    assert sources == []
    assert [diagnostic.level for diagnostic in diagnostics] == ["error"]


def test_folders_that_are_not_there() -> None:
    assert check_folders([None, Path()]) == []
    assert render_diagnostics(check_folders([Path("nowhere")]), {}) == (
        "error[no-such-folder]: there is no such folder\n  --> nowhere:1:1\n  hint: check the path\n"
    )


def test_schemas_among_the_manifests_are_no_manifests(tmp_path: Path) -> None:
    for name in ("a.yaml", "schemas/plant/oven/1.json", "other/b.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    found, _ = read([tmp_path], registry=tmp_path / "other" / ".." / "schemas")
    assert [Path(each.file).name for each in found] == ["a.yaml", "b.json"]
    found, _ = read([tmp_path / "schemas" / "plant" / "oven" / "1.json"], registry=tmp_path / "schemas")
    assert len(found) == 1
