"""The HTTP API of a store in a folder on a real socket with TLS, without an engine."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.web.api import Api

from tidegate.auth.authority import Authority
from tidegate.engine.remote import Server
from tidegate.net.tasks import Tasks
from tidegate.web.server import HttpServer

__all__ = ["served"]


def answers(port: int) -> bool:
    """Tell whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


@contextmanager
def served(folder: Path) -> Iterator[tuple[Api, Server]]:
    """Serve a store below `folder`; yield it, and how it is reached with the token of `write`."""
    folder.mkdir(exist_ok=True)
    api = Api(folder, time.time)
    (folder / "write.token").touch(mode=0o600)
    (folder / "write.token").write_text("w" * 32)
    made = Authority.open(folder, time.time()).server_certificate((), time.time())
    http, port = HttpServer(api.application, made.chain_pem, made.key_pem), free_port()
    loop = asyncio.new_event_loop()
    tasks = Tasks(lambda name, error: None)

    async def run() -> None:
        tasks.start(http.run("127.0.0.1", port), "server")

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(run(), loop).result(20)
        until(lambda: answers(port), "the server to listen")
        yield api, Server(url=f"https://localhost:{port}", token_file=folder / "write.token", ca_file=folder / "ca.crt")
    finally:
        asyncio.run_coroutine_threadsafe(tasks.close(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
