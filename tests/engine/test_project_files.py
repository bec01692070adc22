"""`engine/project_files.py`."""

from pathlib import Path

import pytest

from tidegate.engine.project_files import ProjectFiles
from tidegate.resources.source_map import SourceText


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("canary")
    monkeypatch.chdir(folder)
    return folder


def test_a_file_below_the_working_folder_is_read(project: Path) -> None:
    (project / "a.txt").write_text("one\r\n")
    files = ProjectFiles(Path("deep/main.bicep"))
    assert files.read("a.txt") == SourceText("a.txt", "one\n")
    assert files.read("deep/../a.txt") == SourceText("deep/../a.txt", "one\n")
    assert files.read("b.txt") == "there is no such file"


@pytest.mark.parametrize("path", ["../secret.txt", "deep/../../secret.txt", "link.txt", "folder/secret.txt"])
def test_nothing_outside_of_the_project_is_read(project: Path, path: str) -> None:
    (project / "link.txt").symlink_to("../secret.txt")
    (project / "folder").symlink_to("..")
    read = ProjectFiles(Path("main.bicep")).read(path)
    assert isinstance(read, str)
    assert "outside of the project folder" in read


def test_for_a_file_somewhere_else_the_project_is_its_folder(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("two")
    (project / "b.txt").write_text("three")
    files = ProjectFiles(other / "main.bicep")
    assert files.read(str(other / "a.txt")) == SourceText(str(other / "a.txt"), "two")
    assert isinstance(files.read(str(project / "b.txt")), str)


@pytest.mark.parametrize("content", [b"\xff", b"x" * (4 * 1024 * 1024 + 1)])
def test_what_is_no_text_of_bounded_size_is_refused(project: Path, content: bytes) -> None:
    (project / "a.txt").write_bytes(content)
    assert isinstance(ProjectFiles(Path("main.bicep")).read("a.txt"), str)
    assert isinstance(ProjectFiles(Path("main.bicep")).read("deep"), str)
    assert isinstance(ProjectFiles(Path("main.bicep")).read("a\0b"), str)
