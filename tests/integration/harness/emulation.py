"""`tidegate emulate`: the identity endpoints and the Event Grid namespace as child processes."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.integration.harness.engine import COMMAND
from tests.integration.harness.ports import free_port
from tests.integration.harness.process import Child
from tests.integration.harness.waiting import until

__all__ = ["Emulated", "EventGrid", "IdentityEndpoints"]


class Emulated(Child):
    """One stand-in; `directory` holds the keys that stand-ins share."""

    def __init__(self, kind: str, directory: Path, options: Sequence[str]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        command = [*COMMAND, "emulate", kind, "--data-dir", str(directory), *options]
        super().__init__(command, directory / f"{kind}.log")

    def start(self) -> None:
        """Start and wait until it says that it listens."""
        self.launch()
        until(lambda: "not Azure" in self.log(), "the stand-in to listen", found=self.log)

    @property
    def ca_pem(self) -> str:
        """The authority of its certificates."""
        return (self.directory / "ca.crt").read_text()


class IdentityEndpoints(Emulated):
    """`tidegate emulate identity`."""

    def __init__(self, directory: Path, options: Sequence[str] = ()) -> None:
        ports = ["--port", str(free_port()), "--tls-port", str(free_port())]
        super().__init__("identity", directory, [*ports, *options])

    def variables(self, name: str) -> dict[str, str]:
        """Return the variables that it printed for an endpoint."""
        until(lambda: f"# {name}\n" in self.log(), f"the variables of {name}", found=self.log)
        part = self.log().partition(f"# {name}\n")[2].partition("#")[0]
        return dict(re.findall(r"^export (\w+)=(.*)$", part, re.MULTILINE))


class EventGrid(Emulated):
    """`tidegate emulate eventgrid`."""

    def __init__(self, directory: Path, options: Sequence[str] = ()) -> None:
        self.port, self.websocket_port = free_port(), free_port()
        ports = ["--port", str(self.port), "--websocket-port", str(self.websocket_port)]
        super().__init__("eventgrid", directory, [*ports, *options])
