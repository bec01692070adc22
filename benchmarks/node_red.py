"""Node-RED as a contender: mqtt in, a function, mqtt out, without its editor."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.processes import Program, free_port, running
from benchmarks.typical import JAVASCRIPT
from benchmarks.wire import FILTER

__all__ = ["node_red", "node_red_version"]

PACKAGE = Path(sys.prefix) / "node-red" / "node_modules" / "node-red"
"""Where `make node-red` installs it, beside the Python packages of the virtual environment."""

SETTINGS = """\
module.exports = {
    uiHost: "127.0.0.1",
    uiPort: %d,
    httpAdminRoot: false,
    httpNodeRoot: false,
    flowFile: "flows.json",
    credentialSecret: false,
    functionGlobalContext: {crypto: require("crypto")},
    externalModules: {autoInstall: false, palette: {allowInstall: false}, modules: {allowInstall: false}},
    telemetry: {enabled: false, updateNotification: false},
    logging: {console: {level: "warn", metrics: false, audit: false}},
};
"""


def node_red_version() -> str | None:
    """Return the version of Node-RED, None where it or node is not installed."""
    manifest = PACKAGE / "package.json"
    if not manifest.exists() or shutil.which("node") is None:
        return None
    version: str = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return version


@contextmanager
def node_red(directory: Path, source_port: int, destination_port: int, qos: int) -> Iterator[Program]:
    """Run Node-RED with the typical transformation between two servers."""
    folder = Path(mkdtemp(prefix="node-red-", dir=directory))
    (folder / "settings.js").write_text(SETTINGS % free_port())
    (folder / "flows.json").write_text(json.dumps(_flow(source_port, destination_port, qos)))
    command = ["node", str(PACKAGE / "red.js"), "--userDir", str(folder), "--settings", str(folder / "settings.js")]
    with running(command, directory / "node-red.log") as program:
        yield program


def _flow(source_port: int, destination_port: int, qos: int) -> list[dict[str, Any]]:  # Any: JSON
    def broker(name: str, port: int) -> dict[str, Any]:
        return {
            "id": name,
            "type": "mqtt-broker",
            "broker": "127.0.0.1",
            "port": str(port),
            "clientid": f"bench-node-red-{name}",
            "autoConnect": True,
            "usetls": False,
            "protocolVersion": "5",
            "keepalive": "60",
            "cleansession": True,
        }

    def node(kind: str, wires: list[list[str]], **settings: Any) -> dict[str, Any]:
        # A node without a place on the page is none of the flow.
        return {"type": kind, "z": "flow", "x": 0, "y": 0, "wires": wires} | settings

    def taken(name: str, topic_filter: str) -> dict[str, Any]:
        settings = {"topic": topic_filter, "qos": str(qos), "datatype": "json", "broker": "source", "inputs": 0}
        return node("mqtt in", [["transformation"]], id=name, **settings)

    function = {"func": JAVASCRIPT, "outputs": 1, "libs": [], "initialize": "", "finalize": ""}
    return [
        {"id": "flow", "type": "tab", "label": "bench"},
        broker("source", source_port),
        broker("destination", destination_port),
        taken("messages", FILTER),
        taken("probes", "probe/#"),
        node("function", [["out"]], id="transformation", **function),
        node("mqtt out", [], id="out", topic="", qos=str(qos), retain="", broker="destination"),
    ]
