"""What is acknowledged is on the disk: the system calls of a running broker, as strace sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mqtt5
import pytest
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World
from tests.peers import require

pytestmark = pytest.mark.integration

MESSAGES = 5
WAL = "broker.db-wal>"
CALL = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<rest>.*)")
RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)")
UNFINISHED = " <unfinished ...>"


@dataclass
class Call:
    """A system call: its name, arguments and result as strace writes them, and the lines at which it began and ended."""

    name: str
    text: str
    begin: int
    end: int | None = None


def calls_of(trace: str) -> list[Call]:
    """Return the calls of all threads in the order in which they began; one that did not end has no `end`."""
    calls: list[Call] = []
    open_calls: dict[str, Call] = {}
    for number, line in enumerate(trace.splitlines()):
        if found := CALL.match(line):
            call = Call(found["name"], found["rest"], number, number)
            calls.append(call)
            if call.text.endswith(UNFINISHED):
                call.end = None
                open_calls[found["thread"]] = call
        elif found := RESUMED.match(line):
            call = open_calls.pop(found["thread"])
            call.text = call.text.removesuffix(UNFINISHED) + found["rest"]
            call.end = number
    return calls


def ends(calls: list[Call], names: str, *words: str, after: int) -> Iterator[int]:
    """Yield where calls that began after a line ended, of those with one of `names` and all `words` in their text."""
    for call in calls:
        if call.name in names.split() and call.begin > after and all(word in call.text for word in words):
            assert call.end is not None, call
            yield call.end


@pytest.mark.parametrize("way", ["qos 1", "qos 2", "retained"])
def test_the_store_is_synced_between_a_publish_and_its_acknowledgement(world: World, way: str) -> None:
    """Read, written to the log of the store, synced, acknowledged: in this order for each message."""
    strace = require("strace")
    port = free_port()
    engine = world.engine(listener({"port": port}))
    trace = world.directory / "trace"
    wanted = "trace=read,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fsync,fdatasync"
    # With -D strace is not the parent, so that the process that is started, and ended by the test, is the engine.
    options = ["-D", "-f", "-yy", "-s", "9000", "-e", wanted, "-e", "signal=none", "-o", str(trace)]
    engine.command = [strace, *options, *engine.command]
    engine.launch()
    until(lambda: engine.status() is not None, "the broker to be up")
    if way != "retained":
        kept = Wire(port, "kept", session_expiry_seconds=3600)
        kept.subscribe("a", qos=mqtt5.QoS.EXACTLY_ONCE)
        until(lambda: kept.receive(1), "SUBACK")
        kept.close()
    publisher = Wire(port, "publisher")
    local_port = publisher.socket.getsockname()[1]
    qos = mqtt5.QoS.EXACTLY_ONCE if way == "qos 2" else mqtt5.QoS.AT_LEAST_ONCE
    for number in range(1, MESSAGES + 1):
        message = mqtt5.PublishPacket("a", marker(number).encode(), qos=qos, packet_id=number, retain=way == "retained")
        publisher.send(message.write())
        (answer,) = until(lambda: publisher.receive(1), "the acknowledgement")
        assert isinstance(answer, mqtt5.PubRecPacket if way == "qos 2" else mqtt5.PubAckPacket)
    publisher.abort()
    engine.terminate()
    end = re.compile(rf"^{engine.process_id} +\+\+\+ exited", re.MULTILINE)
    until(lambda: end.search(trace.read_text()), "the end of the trace")
    check_order(trace, local_port)


def marker(number: int) -> str:
    """Return the payload of a message, which is found in the trace."""
    return f"marked message {number}"


def check_order(trace: Path, local_port: int) -> None:
    """Assert for each message that it was in the log, and the log synced, between its PUBLISH and its acknowledgement."""
    calls = calls_of(trace.read_text())
    peer = f"127.0.0.1:{local_port}]>"
    for number in range(1, MESSAGES + 1):
        read = next(ends(calls, "read recvfrom recvmsg", peer, marker(number), after=-1))
        acknowledged = next(
            call.begin
            for call in calls
            if call.begin > read and call.name in ("write", "writev", "sendto", "sendmsg") and peer in call.text
        )
        written = next(ends(calls, "pwrite64", WAL, marker(number), after=read))
        synced = next(ends(calls, "fsync fdatasync", WAL, "= 0", after=written))
        assert read < written < synced < acknowledged, f"message {number}"
