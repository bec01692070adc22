"""Declared files: from paths to texts, or to findings about what cannot be read.

Knows folders, sizes and UTF-8. Does not know what the texts say.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from typing import BinaryIO

from tidegate.diagnostics import Diagnostic, Span
from tidegate.engine.data_directory import is_data_directory
from tidegate.resources.source_map import SourceText

__all__ = [
    "FILE_BYTES_MAX",
    "SUFFIXES",
    "TEST_SUFFIXES",
    "check_folders",
    "list_files",
    "list_tests",
    "read",
    "read_stream",
]

FILE_BYTES_MAX = 4 * 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".json")
TEST_SUFFIXES = (".test.yaml", ".test.yml", ".test.json")
"""What names of flow tests end in; in a folder they are no manifests."""


def read(
    paths: Iterable[str | os.PathLike[str]], *, registry: PurePath | None = None
) -> tuple[list[SourceText], list[Diagnostic]]:
    """Read files, and the files of folders and of the folders below, each once.

    Of a folder the files that end in `.yaml`, `.yml` or `.json` count, hidden ones and hidden folders excepted, in the
    order of their names; flow tests and data directories do not, nor what lies in the folder of schemas, `registry`. A file
    that is named is read whatever its ending.
    """
    schemas = Path(registry).resolve() if registry is not None else None
    sources: list[SourceText] = []
    diagnostics: list[Diagnostic] = []
    for path, found in _files(paths, schemas=schemas):
        read_one = found if isinstance(found, Diagnostic) else _read_file(path)
        if isinstance(read_one, SourceText):
            sources.append(read_one)
        else:
            diagnostics.append(read_one)
    return sources, diagnostics


def read_stream(stream: BinaryIO, name: str) -> SourceText | Diagnostic:
    """Read a text from an open stream, by the rules of files; `name` is what findings call it."""
    return _decoded(stream.read(FILE_BYTES_MAX + 1), Path(name))


def list_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the files that `read` would read, without those that cannot be reached."""
    return [path for path, found in _files(paths) if found is None]


def list_tests(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the files of flow tests: those that are named, and those of folders whose names end so."""
    return [path for path, found in _files(paths, is_wanted=_is_test) if found is None]


def check_folders(folders: Iterable[PurePath | None]) -> list[Diagnostic]:
    """Return a finding for each folder that was given and is not there."""
    return [
        _finding("no-such-folder", Path(folder), "there is no such folder", "check the path")
        for folder in folders
        if folder is not None and not Path(folder).is_dir()
    ]


def _is_test(name: str) -> bool:
    return name.endswith(TEST_SUFFIXES)


def _is_manifest(name: str) -> bool:
    return name.endswith(SUFFIXES) and not _is_test(name)


def _files(
    paths: Iterable[str | os.PathLike[str]],
    is_wanted: Callable[[str], bool] = _is_manifest,
    schemas: Path | None = None,
) -> Iterator[tuple[Path, Diagnostic | None]]:
    """Yield each file once; with a finding where a path leads to none."""
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        try:
            is_folder = path.is_dir()
            files = [path] if not is_folder else [] if is_data_directory(path) else _of_folder(path, is_wanted, schemas)
            exists = path.exists()
        except OSError as error:
            place = Path(os.fsdecode(error.filename)) if error.filename else path
            yield path, _finding("unreadable", place, f"the folder cannot be read: {_reason(error)}")
            continue
        if not exists:
            yield path, _finding("no-such-file", path, "there is no such file or folder", "check the path")
        elif is_folder and is_data_directory(path):
            hint = "leave PATH out to run what the store there has, or put manifests into a folder of their own"
            yield path, _finding("data-directory", path, "this is the data directory of an engine", hint)
        elif is_folder and not files:
            endings = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            yield path, _finding("empty-folder", path, "the folder has no manifests", f"their names end in {endings}")
        for file in files if exists else ():
            resolved = file.resolve()
            if resolved not in seen:
                seen.add(resolved)
                yield file, None


def _of_folder(folder: Path, is_wanted: Callable[[str], bool], schemas: Path | None) -> list[Path]:
    files: list[Path] = []
    if schemas is not None and folder.resolve() == schemas:
        return files
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        # A link to a folder is not followed, so that no folder is its own child.
        if entry.is_dir() and not entry.is_symlink():
            if not is_data_directory(entry):
                files += _of_folder(entry, is_wanted, schemas)
        elif is_wanted(entry.name) and entry.is_file():
            files.append(entry)
    return files


def _read_file(path: Path) -> SourceText | Diagnostic:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        return _finding("unreadable", path, f"the file cannot be read: {_reason(error)}")
    return _decoded(content, path)


def _decoded(content: bytes, path: Path) -> SourceText | Diagnostic:
    if len(content) > FILE_BYTES_MAX:
        message = f"the file is larger than {FILE_BYTES_MAX // 1024 // 1024} MiB"
        return _finding("too-large", path, message, "split it into several files")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[line_start : error.start].decode("utf-8", "replace")) + 1
        span = Span(str(path), content.count(b"\n", 0, error.start) + 1, column)
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02X}"
        return Diagnostic("error", "not-utf-8", message, span=span, hint="save it as UTF-8")
    return SourceText(str(path), text.replace("\r\n", "\n").replace("\r", "\n"))


def _finding(code: str, path: Path, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic("error", code, message, span=Span(str(path), 1, 1), hint=hint)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
