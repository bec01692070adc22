import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tidegate.engine.control import Control, EngineNotRunning, _short_path, ask
from tidegate.engine.data_directory import control_path
from tidegate.net.tasks import Tasks


def with_control(directory: Path, test: Callable[[], None]) -> None:
    """Serve, and run the test, which blocks, in a thread."""

    async def main() -> None:
        async def status() -> bytes:
            return b'{"flows":[]}'

        async def reload() -> object:
            return {"applied": True}

        tasks = Tasks(lambda name, error: None)
        control = Control(directory, {"status": status, "reload": reload}, tasks)
        await control.listen()
        try:
            await asyncio.to_thread(test)
        finally:
            control.close()
            await tasks.close()

    asyncio.run(main())


def test_questions_are_answered(tmp_path: Path) -> None:
    def test() -> None:
        assert ask(tmp_path, "status") == {"flows": []}
        assert ask(tmp_path, "reload") == {"applied": True}
        assert control_path(tmp_path).stat().st_mode & 0o777 == 0o600

    with_control(tmp_path, test)
    assert not control_path(tmp_path).exists()


def test_an_unknown_request_is_refused_in_words(tmp_path: Path) -> None:
    def test() -> None:
        with pytest.raises(RuntimeError, match="unknown request; there are: status, reload"):
            ask(tmp_path, "explode")

    with_control(tmp_path, test)


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{}\n", b'{"request": []}\n', b"\xff\n"])
def test_nonsense_is_refused(tmp_path: Path, line: bytes) -> None:
    import socket

    def test() -> None:
        with _short_path(tmp_path) as path, socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(line)
            assert "unknown request" in json.loads(client.recv(1000))["error"]

    with_control(tmp_path, test)


def test_a_deep_directory_and_a_socket_left_behind_do_not_matter(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    control_path(deep).write_text("left behind")
    with_control(deep, lambda: _ask_and_forget(deep))


def test_nothing_running_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineNotRunning, match=f"no engine answers in {tmp_path}"):
        ask(tmp_path, "status")
    with pytest.raises(EngineNotRunning):
        ask(tmp_path / "nowhere", "status")


def _ask_and_forget(directory: Path) -> None:
    ask(directory, "status")
