"""Data sets out of files."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tidegate.engine.dataset_files import DatasetFiles, dataset_file
from tidegate.engine.datasets import Datasets
from tidegate.net.tasks import Tasks
from tidegate.telemetry.dataset_events import DatasetEvent, DatasetLoaded, DatasetRefused
from tidegate.transform.view import Record

Test = Callable[[list[DatasetEvent], dict[str, Sequence[Record]]], Awaitable[None]]


def follow(folder: Path, test: Test, *keys: str) -> None:
    """Follow the files of a folder while the test does something with them."""

    async def main() -> None:
        failures: list[tuple[str, Exception]] = []
        tasks = Tasks(lambda name, error: failures.append((name, error)))
        reported: list[DatasetEvent] = []
        used: dict[str, Sequence[Record]] = {}
        datasets = Datasets(keys, use=used.__setitem__, report=reported.append)
        tasks.start(DatasetFiles(folder, keys, datasets, poll_seconds=0.01).run(), "files")
        async with asyncio.timeout(20):
            await test(reported, used)
        await tasks.close()
        assert failures == []

    asyncio.run(main())


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all: a half-written one would be a version of its own."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text(text)
    fresh.replace(path)


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_names_of_files() -> None:
    folder = Path("/d")
    assert dataset_file(folder, "limits") == folder / "limits.jsonl"
    assert dataset_file(folder, "../a/b%") == folder / "..%2Fa%2Fb%25.jsonl"
    assert dataset_file(folder, "..") == folder / "...jsonl"


def test_files_are_read_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n')

    async def test(reported: list[DatasetEvent], used: dict[str, Sequence[Record]]) -> None:
        await until(lambda: len(reported) == 2)
        hint = f"write its records to {tmp_path / 'b.jsonl'}"
        assert reported == [DatasetLoaded("a", 1), DatasetRefused("b", "there is no such key", hint, None)]
        put(tmp_path / "b.jsonl", '{"y": 1}\n{"y": 2}\n')
        await until(lambda: "b" in used)
        put(tmp_path / "a.jsonl", '{"x": 2}\n')
        await until(lambda: used["a"] == ({"x": 2},))
        (tmp_path / "a.jsonl").unlink()
        await until(lambda: len(reported) == 5)
        assert [type(event) for event in reported[2:]] == [DatasetLoaded, DatasetLoaded, DatasetRefused]
        assert used == {"a": ({"x": 2},), "b": ({"y": 1}, {"y": 2})}

    follow(tmp_path, test, "a", "b")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()

    async def test(reported: list[DatasetEvent], used: dict[str, Sequence[Record]]) -> None:
        await until(lambda: reported)
        (event,) = reported
        assert isinstance(event, DatasetRefused)
        assert event.detail == f"{tmp_path / 'a.jsonl'} cannot be read: Is a directory"

    follow(tmp_path, test, "a")
