"""The programs of a run: brokers, the bridging process, and the Python peers. Each ends with its `with` block.

A port is asked of the kernel and handed on; brokers whose port was taken in between say so by not answering.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.wire import WINDOW

__all__ = [
    "Broker",
    "Peer",
    "Program",
    "free_port",
    "mosquitto_path",
    "running",
    "start_broker",
    "start_peer",
    "wait_for_port",
]

START_SECONDS = 20.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Program:
    """A running program that this run started; `started_ns` is just before it was."""

    process: subprocess.Popen[bytes]
    started_ns: int
    log_path: Path | None = None

    @property
    def process_id(self) -> int:
        """The process id."""
        return self.process.pid

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that does not end it."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """Return what it wrote, to be shown when something went wrong."""
        return self.log_path.read_text(errors="replace") if self.log_path else ""


@dataclass(slots=True)
class Broker:
    """A mosquitto on a loopback port."""

    port: int
    program: Program


@dataclass(slots=True)
class Peer:
    """A Python peer, which says on standard output what it measured."""

    program: Program
    input: IO[bytes]
    output: IO[bytes]

    def write_line(self, line: str) -> None:
        """Write a line to its standard input."""
        self.input.write(line.encode() + b"\n")
        self.input.flush()

    def read_line(self) -> str:
        """Return the next line it writes, empty when it ended."""
        return self.output.readline().decode().strip()

    def result(self) -> bytes:
        """Wait for its end and return the rest of its output.

        Raises:
            RuntimeError: it failed.
        """
        data = self.output.read()
        if self.program.process.wait(STOP_SECONDS):
            raise RuntimeError(f"{self.program.process.args!r} exited {self.program.process.returncode}")
        return data


def mosquitto_path() -> str | None:
    """Return where mosquitto is, or None. Debian keeps it where a plain user's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], log_path: Path, environment: Mapping[str, str] | None = None) -> Iterator[Program]:
    """Run a program until the block ends; `environment` replaces that of this process."""
    with log_path.open("ab") as log:
        started_ns = time.monotonic_ns()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    program = Program(process, started_ns, log_path)
    try:
        yield program
    finally:
        if process.poll() is None:
            program.stop()


@contextmanager
def start_broker(directory: Path, name: str, *extra: str) -> Iterator[Broker]:
    """Run a mosquitto without persistence and without queue limits, and wait until it answers."""
    port = free_port()
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence false",
        "sys_interval 0",
        "set_tcp_nodelay true",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        f"max_inflight_messages {WINDOW}",
        "max_inflight_bytes 0",
        "max_queued_messages 0",
        "max_queued_bytes 0",
        *extra,
    ]
    path = directory / f"{name}.conf"
    path.write_text("\n".join(lines) + "\n")
    program_path = mosquitto_path()
    assert program_path is not None
    with running([program_path, "-c", str(path)], directory / f"{name}.log") as program:
        wait_for_port(port, program)
        yield Broker(port, program)


@contextmanager
def start_peer(module: str, *arguments: str, pass_fds: Sequence[int] = ()) -> Iterator[Peer]:
    """Run `python -m benchmarks.<module>`; it is stopped if it has not ended when the block does."""
    started_ns = time.monotonic_ns()
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=pass_fds,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    program = Program(process, started_ns)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield Peer(program, process.stdin, process.stdout)
    finally:
        if process.poll() is None:
            program.stop()
        process.stdin.close()
        process.stdout.close()


def wait_for_port(port: int, program: Program) -> None:
    """Wait until a program accepts connections. Raises `RuntimeError` when it does not in time."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and program.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}: {program.log()}")
