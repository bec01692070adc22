"""The quick start: Tidegate with its own broker, a data flow, simulated ovens that send temperatures, and a line a second.

usage: python examples/quickstart/run.py [--seconds N] [--data-dir DIR] [--ports PLAIN TLS STATUS]

It starts `tidegate run` on loopback ports and `tidegate simulate`, and ends them when it ends, however it ends. Nothing else
has to be installed. Exit 0 after Ctrl-C or `--seconds`; 1 with a sentence when something is missing or a child ended by itself.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tidegate.engine.mqtt_target import address_target
from tidegate.engine.mqtt_tool import Client, ClientOptions
from tidegate.exceptions import ConnectFailed
from tidegate.message import Message
from tidegate.mqtt.client_settings import Subscription

EXAMPLE = Path(__file__).parent
DATA = EXAMPLE.parent / "quickstart-data"
PORTS = (11883, 18883, 19600)
"""The broker's plain one and the one with TLS, as the YAML files say, and that of the status listener."""

DEFAULT_ENDPOINT = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata: {name: default}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: aio-broker:18883
    authentication: {method: ServiceAccountToken, serviceAccountTokenSettings: {audience: aio-internal}}
    tls: {mode: Enabled, trustedCaCertificateConfigMapRef: azure-iot-operations-aio-ca-trust-bundle}
"""

MESSAGES_PER_SECOND = 30
"""Of the simulated devices; two in three are ovens."""
READY_SECONDS = 15.0
END_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The quick start cannot go on; the sentence says why and how to mend it."""


class Subscriber:
    """Counts what the data flow brings to `site-1/#`, and keeps the first message of it."""

    def __init__(self) -> None:
        self.count = 0
        self.first: Message | None = None

    async def run(self, port: int) -> None:
        """Connect, subscribe, and count until the task is cancelled."""
        try:
            target = address_target("127.0.0.1", port, None)
            async with Client(target, ClientOptions(client_id="quickstart-subscriber")) as client:
                await client.subscribe([Subscription("site-1/#", 1)])
                async for received in client.received():
                    self.first = self.first or received[0].message
                    self.count += len(received)
                    client.acknowledge(received)
        except ConnectFailed as error:
            raise Failed(str(error)) from error


def read_status(port: int) -> dict[str, Any] | None:
    """Return what `GET /status` says of the data flow, or None while nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as answer:
            flows: list[dict[str, Any]] = json.load(answer)["flows"]
    except OSError:
        return None
    return flows[0] if flows else None


def line_of(flow: dict[str, Any], arrived: int, per_second: float) -> str:
    """Return the line that is printed each second."""
    counters = flow["counters"]
    oldest = flow["oldest_pending_seconds"]
    return (
        f"received {counters['received']:6}   delivered {counters['delivered']:6}   pending {flow['pending']:4}   "
        f"oldest unacknowledged {0.0 if oldest is None else oldest:5.2f} s   rate {per_second:6.1f}/s   "
        f"arrived at a subscriber {arrived:6}"
    )


async def show(status_port: int, subscriber: Subscriber, children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Print a line a second, and the first message that arrives."""
    before: tuple[float, int] | None = None
    is_shown = False
    for tick in range(sys.maxsize):
        await asyncio.sleep(1)
        for name, child in children.items():
            if child.poll() is not None:
                raise Failed(f"{name} ended with exit code {child.returncode}")
        flow = await asyncio.to_thread(read_status, status_port)
        if flow is None:
            if tick > READY_SECONDS:
                raise Failed(f"tidegate does not answer on 127.0.0.1:{status_port}")
            continue
        if subscriber.first is not None and not is_shown:
            is_shown = True
            print(f"first message at the subscriber: {subscriber.first.topic} {subscriber.first.payload.decode()}")
        now, delivered = time.monotonic(), flow["counters"]["delivered"]
        per_second = 0.0 if before is None else (delivered - before[1]) / (now - before[0])
        before = now, delivered
        print(line_of(flow, subscriber.count, per_second), flush=True)


async def watch(ports: tuple[int, int, int], children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Run subscriber and display together; the first failure ends both."""
    subscriber = Subscriber()
    await asyncio.gather(subscriber.run(ports[0]), show(ports[2], subscriber, children))


def end_with_parent() -> Callable[[], None]:
    """Return what a child does first: ask Linux to end it when its parent dies, even by SIGKILL (prctl(2))."""
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def arrange() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


@contextlib.contextmanager
def running(command: list[str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a child in a process group of its own, so that Ctrl-C reaches it only through us; end it afterwards."""
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("wb"))
        child = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, preexec_fn=end_with_parent()
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def check_free(port: int) -> None:
    """Refuse a port that somebody listens on already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            hint = "hint: end what listens there, or choose other ports: examples/quickstart/run.py --ports 1 2 3"
            raise Failed(f"port {port} on 127.0.0.1 is taken ({error.strerror})\n{hint}") from error


def wait_for_broker(port: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until the broker accepts connections."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise Failed(f"the broker does not listen on port {port}; tidegate says why above")


def write_resources(ports: tuple[int, int, int], folder: Path) -> None:
    """Copy the YAML files with other ports, and say of the endpoint `default` what it is without being declared."""
    folder.mkdir()
    for path in EXAMPLE.glob("*.yaml"):
        text = path.read_text().replace(str(PORTS[0]), str(ports[0])).replace(str(PORTS[1]), str(ports[1]))
        (folder / path.name).write_text(text)
    (folder / "default-endpoint.yaml").write_text(DEFAULT_ENDPOINT.replace(str(PORTS[1]), str(ports[1])))


async def run_for(
    seconds: float | None, ports: tuple[int, int, int], children: dict[str, subprocess.Popen[bytes]]
) -> None:
    """Run until Ctrl-C, or for so many seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(watch(ports, children), seconds)


def quickstart(seconds: float | None, data: Path, ports: tuple[int, int, int]) -> None:
    """Start Tidegate and the devices, show what happens, and end everything."""
    for port in ports:
        check_free(port)
    with tempfile.TemporaryDirectory(prefix="tidegate-quickstart-") as name, contextlib.ExitStack() as stack:
        resources = EXAMPLE
        if ports != PORTS:
            resources = Path(name) / "resources"
            write_resources(ports, resources)
        tidegate = str(Path(sys.executable).parent / "tidegate")
        command = [
            tidegate,
            "run",
            str(resources),
            "--data-dir",
            str(data),
            "--http",
            f"127.0.0.1:{ports[2]}",
            "--api",
            "off",
        ]
        # `tidegate simulate` as a user would start it beside the engine.
        devices = [
            tidegate,
            "simulate",
            "--host",
            "127.0.0.1",
            "--port",
            str(ports[0]),
            "--rate",
            str(MESSAGES_PER_SECOND),
        ]
        print(f"tidegate run {_short(resources)} --data-dir {_short(data)}", flush=True)
        child = stack.enter_context(running(command))
        wait_for_broker(ports[0], child)
        print(f"MQTT without TLS: 127.0.0.1:{ports[0]}   with TLS and a token: 127.0.0.1:{ports[1]}")
        print(f"CA file for TLS: {_short(data / 'ca.crt')}")
        print(f"status: http://127.0.0.1:{ports[2]}/status   Ctrl-C ends it", flush=True)
        print(f"devices: tidegate {' '.join(devices[1:])}", flush=True)
        children = {"tidegate run": child, "tidegate simulate": stack.enter_context(running(devices))}
        asyncio.run(run_for(seconds, ports, children))


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main() -> int:
    """Run the quick start; return the exit code."""
    parser = argparse.ArgumentParser(description="A broker, a data flow, and a line a second.")
    parser.add_argument("--seconds", type=float, help="end after so many seconds instead of at Ctrl-C")
    parser.add_argument("--ports", type=int, nargs=3, default=PORTS, metavar=("PLAIN", "TLS", "STATUS"))
    parser.add_argument("--data-dir", type=Path, default=DATA, help="where the broker keeps its state")
    arguments = parser.parse_args()
    # A shell starts what runs in the background with SIGINT ignored, and SIGTERM ends us by way of SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        quickstart(arguments.seconds, arguments.data_dir, tuple(arguments.ports))
    except KeyboardInterrupt:
        print("ended")
    except Failed as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
