"""A child process with its standard error in a file, and the signals that tests send it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Child", "is_alive"]


class Child:
    """One program that can be started again and again; `log_path` gathers the standard error of all its lives."""

    def __init__(self, command: Sequence[str], log_path: Path, environment: Mapping[str, str] | None = None) -> None:
        self.command = list(command)
        self.log_path = log_path
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """The process id of the present life."""
        assert self.process is not None, "not started"
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether the present life goes on."""
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start the program; the caller waits for whatever shows that it is ready."""
        assert not self.is_running, "already running"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the running program."""
        assert self.process is not None, "not started"
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and reap."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self, seconds: float = 20.0) -> int:
        """SIGTERM; return the exit code, or fail when there is none within `seconds`."""
        assert self.process is not None, "not started"
        self.process.terminate()
        return self.process.wait(timeout=seconds)

    def pause(self) -> None:
        """SIGSTOP: the sockets stay, nothing is read or answered."""
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End whatever life there is, a paused one too."""
        if self.is_running:
            self.kill()

    def log(self) -> str:
        """Everything written to standard output and standard error so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def is_alive(process_id: int) -> bool:
    """Tell whether a process runs; one that has ended and is not reaped yet does not."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")
