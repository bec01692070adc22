"""`tidegate run` as a child process, seen only through its exit code, its log and `/status`."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.integration.harness.manifests import Declared
from tests.integration.harness.ports import free_port
from tests.integration.harness.process import Child
from tests.integration.harness.waiting import until

__all__ = ["COMMAND", "Engine", "Status"]

COMMAND = [sys.executable, "-c", "import sys; from tidegate.cli import main; sys.exit(main())"]
"""The entry point `tidegate`, found whether the package is installed or only on the path."""

SOURCE_TREE = Path(__file__).parents[3] / "src"

Status = dict[str, Any]
"""JSON as `/status` gives it; its shape is what the tests check."""


class Engine(Child):
    """One data directory, one folder of manifests, and as many lives of the process as a test needs.

    With `reads_files` false it is given no folder, and runs what the resource store has.
    """

    def __init__(
        self,
        directory: Path,
        *,
        options: Sequence[str] = (),
        data_dir: Path | None = None,
        reads_files: bool = True,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.manifests = directory / "manifests"
        self.manifests.mkdir(exist_ok=True)
        self.data_dir = data_dir or directory / "data"
        self.http_port = free_port()
        self.lives = 0
        command = [
            *COMMAND,
            "run",
            *([str(self.manifests)] if reads_files else []),
            "--data-dir",
            str(self.data_dir),
            "--http",
            f"127.0.0.1:{self.http_port}",
            "--api",
            "off",
            *options,
        ]
        python_path = os.pathsep.join([str(SOURCE_TREE), *filter(None, [os.environ.get("PYTHONPATH")])])
        # The key of stored secrets lies in the configuration's home.
        environment = {"PYTHONPATH": python_path, "XDG_CONFIG_HOME": str(directory / "config")}
        super().__init__(command, directory / "engine.log", {**environment, "PYTHONFAULTHANDLER": "1"})

    def launch(self) -> None:
        """Start the process, and count."""
        super().launch()
        self.lives += 1

    def start(self, *flows: str) -> None:
        """Start and wait until every flow (those named, or all there are) is subscribed and connected."""
        self.launch()
        self.wait_connected(*flows)

    def run_to_end(self, seconds: float = 20.0) -> tuple[int, str]:
        """Start, wait for the process to end by itself; return its exit code and what it wrote."""
        before = len(self.log())
        self.launch()
        assert self.process is not None
        code = self.process.wait(timeout=seconds)
        return code, self.log()[before:]

    def get(self, path: str) -> tuple[int, str]:
        """GET `path` from the status listener; return the HTTP status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def status(self) -> Status | None:
        """Return `/status`, or None while nothing answers."""
        try:
            code, body = self.get("/status")
        except (OSError, http.client.HTTPException):
            return None
        assert code == 200, (code, body)
        document: Status = json.loads(body)
        return document

    def tidegate(self, *arguments: str, text: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command on the same data directory, and check its exit code; `text` is its standard input."""
        done = subprocess.run(
            [*COMMAND, *arguments, "--data-dir", str(self.data_dir)],
            input=text,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def apply(self, *resources: Declared) -> subprocess.CompletedProcess[str]:
        """Apply resources to the store."""
        return self.tidegate("apply", "-f", "-", text="\n---\n".join(map(json.dumps, resources)))

    def copies(self, name: str) -> list[Status]:
        """Return the running copies of a flow, one for each instance; empty while nothing answers."""
        return [flow for flow in (self.status() or {"flows": []})["flows"] if flow["name"] == name]

    def flow(self, name: str) -> Status:
        """Return the only copy of a flow, or an empty mapping while it is not there."""
        copies = self.copies(name)
        return copies[0] if copies else {}

    def wait_connected(self, *names: str, seconds: float = 30.0, copies: int | None = None) -> None:
        """Wait until the flows are subscribed at their sources and connected at their destinations."""

        def connected() -> bool:
            flows = (self.status() or {"flows": []})["flows"]
            wanted = [flow for flow in flows if not names or flow["name"] in names]
            enough = len(wanted) >= max(len(names), 1) if copies is None else len(wanted) == copies
            return enough and all(map(is_connected, wanted))

        self.wait_for(connected, f"flows {names or 'all'} to be connected", seconds=seconds)

    def wait_for(self, condition: Callable[[], object], what: str, *, seconds: float = 30.0) -> None:
        """Wait for a condition; fail early when the process ends."""

        def holds() -> object:
            value = condition()
            assert value or self.is_running, f"the engine ended while waiting for {what}:\n{self.tail()}"
            return value

        until(holds, what, seconds=seconds, found=lambda: f"{json.dumps(self.status())}\n{self.tail()}")

    def wait_settled(self, name: str, *, seconds: float = 30.0) -> None:
        """Wait until no copy of the flow has a message pending."""

        def settled() -> bool:
            copies = self.copies(name)
            return bool(copies) and all(flow["pending"] == 0 for flow in copies)

        self.wait_for(settled, f"{name} to have nothing pending", seconds=seconds)

    def check_accounting(self) -> None:
        """Assert `received = delivered + filtered + expired + dropped + pending` for each flow."""
        status = self.status()
        assert status is not None
        for flow in status["flows"]:
            counters = flow["counters"]
            ended = counters["delivered"] + counters["filtered"] + counters["expired"]
            dropped = sum(counters["dropped"].values())
            assert counters["received"] == ended + dropped + flow["pending"], flow

    def children(self) -> list[int]:
        """Return the process ids of the present children, the oldest first."""
        return [
            int(child) for child in Path(f"/proc/{self.process_id}/task/{self.process_id}/children").read_text().split()
        ]

    def kill_a_worker(self) -> None:
        """SIGKILL the oldest child."""
        os.kill(self.children()[0], signal.SIGKILL)

    def tail(self, lines: int = 30) -> str:
        """Return the end of the log."""
        return "\n".join(self.log().splitlines()[-lines:])


def is_connected(flow: Status) -> bool:
    """Tell whether both sides of a flow are up and the source is subscribed."""
    states = (flow["source"]["state"], flow["destination"]["state"])
    return states == ("subscribed", "connected")
