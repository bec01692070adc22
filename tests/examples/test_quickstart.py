"""The quick start runs as a newcomer runs it, for a few seconds."""

import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.harness.waiting import until
from tests.peers import require

ROOT = Path(__file__).parents[2]
RUN = ROOT / "examples" / "quickstart" / "run.py"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.integration


def free_ports(count: int) -> list[str]:
    """Return ports of the loopback that nobody uses now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(listener.getsockname()[1]) for listener in sockets]


def is_free(port: str) -> bool:
    """Tell whether nobody accepts connections on a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) != 0


def start(data: Path, *options: str) -> subprocess.Popen[str]:
    """Start the quick start with its output as one text."""
    command = [sys.executable, str(RUN), "--data-dir", str(data), *options]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def delivered(line: str) -> int:
    """Return the second figure of a line, 0 for a line of another kind."""
    figures = re.match(r"received +\d+ +delivered +(\d+) ", line)
    return int(figures[1]) if figures else 0


def connect_with_tls(port: str, ca_file: str) -> None:
    """Shake hands with the port that has TLS, trusting that file alone."""
    context = ssl.create_default_context(cafile=ca_file)
    with socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE_SECONDS) as plain:
        context.wrap_socket(plain, server_hostname="localhost").close()


def test_messages_are_delivered_until_ctrl_c(tmp_path: Path) -> None:
    ports = free_ports(3)
    with start(tmp_path / "data", "--ports", *ports) as process:
        assert process.stdout is not None
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if line.startswith("CA file for TLS: "):
                    connect_with_tls(ports[1], line.split(": ")[1].strip())
                if delivered(line) >= 40:
                    break
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    text = "".join(lines) + rest
    assert process.returncode == 0, text
    assert "first message at the subscriber: site-1/bakery/ovens/oven-" in text
    assert f"CA file for TLS: {tmp_path / 'data' / 'ca.crt'}\n" in lines
    counts = [count for count in map(delivered, lines) if count]
    assert counts == sorted(set(counts)), text
    assert rest.endswith("ended\n"), text


def test_the_three_lines_of_the_readme(tmp_path: Path) -> None:
    """mosquitto_sub, mosquitto_pub and paho, just as the README has them but for the port."""
    require("mosquitto_sub")
    plain, secure, status = free_ports(3)
    text = (ROOT / "README.md").read_text()
    subscribe, *senders = (
        shlex.split(line.replace("11883", plain).removesuffix(" &"))
        for line in re.findall(r"^(?:mosquitto_[ps]ub|python) .*11883.*$", text, re.MULTILINE)
    )
    assert len(senders) == 2
    with start(tmp_path / "data", "--ports", plain, secure, status) as process:
        assert process.stdout is not None
        try:
            next(line for line in process.stdout if line.startswith("received"))
            with subprocess.Popen(subscribe, stdout=subprocess.PIPE, text=True) as subscriber:
                assert subscriber.stdout is not None
                try:
                    # The ovens send all the time, so a line always comes; what is sent may come before the subscription.
                    subscriber.stdout.readline()
                    for sender, oven in zip(senders, ("oven-9", "oven-10"), strict=True):
                        program = sys.executable if sender[0] == "python" else sender[0]
                        subprocess.run([program, *sender[1:]], check=True, timeout=PATIENCE_SECONDS)
                        next(line for line in subscriber.stdout if line.startswith(f"site-1/bakery/ovens/{oven} "))
                finally:
                    subscriber.kill()
        finally:
            process.kill()


def test_it_ends_by_itself_after_the_seconds_asked_for(tmp_path: Path) -> None:
    with start(tmp_path / "data", "--ports", *free_ports(3), "--seconds", "2") as process:
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, text


def test_killing_it_ends_its_children(tmp_path: Path) -> None:
    ports = free_ports(3)
    with start(tmp_path / "data", "--ports", *ports) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("received"))
        process.kill()
    until(lambda: all(map(is_free, ports)), "the ports to be free again")


@pytest.mark.parametrize("verb", ["run", "simulate"])
def test_a_child_that_ends_ends_the_rest_in_words(tmp_path: Path, verb: str) -> None:
    ports = free_ports(3)
    with start(tmp_path / "data", "--ports", *ports) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("received"))
        os.kill(child_of(process.pid, verb), signal.SIGKILL)
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "error: " in text
    until(lambda: all(map(is_free, ports)), "the ports to be free again")


def child_of(process_id: int, verb: str) -> int:
    """Return the child that runs `tidegate VERB`."""
    for child in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if verb.encode() in words:
            return int(child)
    raise AssertionError(f"no child runs {verb}")


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path / "data", "--ports", str(port), *free_ports(2)) as process:
            text, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert text.startswith(f"error: port {port} on 127.0.0.1 is taken (Address already in use)\nhint: ")
