"""A folder as schema registry."""

from pathlib import Path

import pytest

from tidegate.engine.schema_folder import SchemaExists, SchemaFolder
from tidegate.exceptions import StoreFailed
from tidegate.resources.schema_reference import SchemaReference, UnreadableSchema
from tidegate.transform.schema import SCHEMA_BYTES_MAX

OVEN = SchemaReference("plant", "oven", None)
FIRST = OVEN._replace(version=1)


def test_versions_count_and_are_kept(tmp_path: Path) -> None:
    folder = SchemaFolder(tmp_path / "schemas")
    assert folder.references() == []
    assert folder.newest(OVEN) is None
    added = [folder.add(OVEN, text) for text in ('{"a": 1}', "{}", "{}")]
    assert [each.version for each in added] == [1, 2, 2]
    assert folder.newest(OVEN) == added[1]
    assert folder.read(added[0]) == '{"a": 1}'
    assert (tmp_path / "schemas" / "plant" / "oven" / "1.json").read_text() == '{"a": 1}'
    assert [path.name for path in folder.files()] == ["1.json", "2.json"]
    assert list((tmp_path / "schemas" / "plant" / "oven").iterdir()) == folder.files()


def test_versions_are_numbers_and_not_words(tmp_path: Path) -> None:
    folder = SchemaFolder(tmp_path)
    for version in (9, 10):
        folder.add(OVEN._replace(version=version), f"[{version}]")
    assert folder.add(OVEN, "{}").version == 11


def test_a_version_never_changes(tmp_path: Path) -> None:
    folder = SchemaFolder(tmp_path)
    folder.add(FIRST, "{}")
    assert folder.add(FIRST, "{}") == FIRST
    with pytest.raises(SchemaExists):
        folder.add(FIRST, '{"a": 1}')
    assert folder.read(FIRST) == "{}"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("README.md", "plant/oven/1.json", "plant/oven/old.json", "plant/oven/01.json", "plant/.x/1.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert SchemaFolder(tmp_path).references() == [FIRST]


def test_what_cannot_be_read_is_a_value(tmp_path: Path) -> None:
    folder = SchemaFolder(tmp_path)
    path = folder.path(FIRST)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff")
    assert folder.read(FIRST) == UnreadableSchema("it is not UTF-8")
    path.write_bytes(b" " * (SCHEMA_BYTES_MAX + 1))
    assert folder.read(FIRST) == UnreadableSchema("it is larger than 1024 KiB")
    path.unlink()
    path.mkdir()
    assert folder.read(FIRST) is None


def test_all_that_is_asked_for(tmp_path: Path) -> None:
    folder = SchemaFolder(tmp_path)
    folder.add(FIRST, "{}")
    assert folder.read_all([str(FIRST), "aio-sr://plant/oven:2", "no reference"]) == {str(FIRST): "{}"}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "plant").write_text("")
    with pytest.raises(StoreFailed):
        SchemaFolder(tmp_path).add(FIRST, "{}")
