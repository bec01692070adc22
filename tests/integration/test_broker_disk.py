"""Failure mode 26: the disk of the running broker is full, or what is on it is not what was written."""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import mqtt5
import pytest
from tests.integration.harness.engine import Engine
from tests.integration.harness.ledger import number_of, payload_of
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import Wire
from tests.integration.harness.world import World

pytestmark = pytest.mark.integration

SMALL, LARGE = "size=3m", "size=64m"
PAYLOAD_BYTES = 50_000


@pytest.fixture(name="small_disk")
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB; skipped where none may be mounted, in CI as well, for a container may forbid it."""
    directory = tmp_path / "small"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"{SMALL},mode=0700", "tmpfs", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here, only root may: {done.stderr.strip()}")
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def broker(world: World, data_dir: Path) -> tuple[Engine, int]:
    """Run an engine that is a broker with its data in a given place."""
    port = free_port()
    engine = world.engine(listener({"port": port}), data_dir=data_dir)
    engine.launch()
    until(lambda: engine.status() is not None, "the broker to be up")
    return engine, port


def keep_a_session(port: int) -> None:
    """Let a client subscribe that has a durable session, and go away."""
    kept = Wire(port, "kept", session_expiry_seconds=3600)
    kept.subscribe("kept")
    until(lambda: kept.receive(1), "SUBACK")
    kept.close()


def take_session(port: int, count: int) -> list[int]:
    """Come back to the session, and return the numbers of the messages that waited in it, `count` at least."""
    kept = Wire(port, "kept", clean_start=False, session_expiry_seconds=3600)
    assert kept.connack.session_present
    numbers: list[int] = []
    while len(numbers) < count:
        packets = kept.receive(20)
        assert packets, f"{len(numbers)} of {count} messages"
        numbers += [number_of(packet.payload) for packet in packets if isinstance(packet, mqtt5.PublishPacket)]
    kept.abort()
    return numbers


def publish(wire: Wire, number: int) -> None:
    """Send a message whose packet id is its number."""
    payload = payload_of(number, PAYLOAD_BYTES)
    wire.send(mqtt5.PublishPacket("kept", payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number).write())


def accepted(wire: Wire, seconds: float) -> list[int]:
    """Return the packet ids that were acknowledged; none is acknowledged with anything but success or no room."""
    numbers = []
    for packet in wire.receive(seconds):
        assert isinstance(packet, mqtt5.PubAckPacket), packet
        assert int(packet.reason_code) in (0, 0x83, 0x97), packet
        numbers += [packet.packet_id] if int(packet.reason_code) == 0 else []
    return numbers


def test_failure_26_a_full_disk_holds_acknowledgements_back_and_nobody_else(world: World, small_disk: Path) -> None:
    engine, port = broker(world, small_disk / "data")
    others = world.subscriber(port, ["good"])
    # Nor are these acknowledged while the disk is full: the window has to last for as long as that is looked at.
    world.publisher(port, ["good"], rate=200, window=1000)
    keep_a_session(port)
    publisher = Wire(port, "publisher")
    acknowledged: list[int] = []
    sent = 0
    while "the broker's store fails" not in engine.log():
        sent += 1
        publish(publisher, sent)
        if sent > len(acknowledged) + 10:
            # Not read any more, or not answered: then it must be because the disk is full.
            until(lambda: "the broker's store fails" in engine.log(), "the broker to say that its disk is full")
        acknowledged += accepted(publisher, 0.1)
    # What was acknowledged before comes in as many reads as it likes.
    while came := accepted(publisher, 0.5):
        acknowledged += came
    assert "full" in engine.log() and acknowledged
    assert len(acknowledged) < sent, "a message that could not be kept was acknowledged"
    grow(others.seen_count, 100, "messages of others while the disk is full")
    Wire(port, "newcomer").close()
    status = engine.status()
    assert status is not None and "store fails" in str(status), status
    assert not accepted(publisher, 0)

    subprocess.run(["mount", "-o", f"remount,{LARGE}", str(small_disk)], check=True)
    until(lambda: "the broker's store works again" in engine.log(), "the broker to recover")
    while len(acknowledged) < sent:
        came = accepted(publisher, 20)
        assert came, f"{len(acknowledged)} of {sent} are acknowledged"
        acknowledged += came
    assert "store fails" not in str(engine.status())
    grow(others.seen_count, 20, "messages of others after the disk was full")
    assert others.connections == 1
    publisher.close()
    engine.kill()
    engine.launch()
    until(lambda: engine.status() is not None, "the broker to be up again")
    assert take_session(port, sent) == list(range(1, sent + 1))


def test_failure_26_power_fails_in_the_middle_of_a_record(world: World) -> None:
    """What was synced before is there; the torn end is none of anybody's business."""
    engine, port = broker(world, world.directory / "data")
    keep_a_session(port)
    publisher = Wire(port, "publisher")
    for number in range(1, 6):
        publish(publisher, number)
        assert until(lambda: accepted(publisher, 1), "PUBACK") == [number]
    publisher.abort()
    engine.kill()
    log = engine.data_dir / "broker.db-wal"
    log.write_bytes(log.read_bytes()[:-1000])
    engine.launch()
    until(lambda: engine.status() is not None, "the broker to be up again")
    assert take_session(port, 4)[:4] == [1, 2, 3, 4]
    assert "set aside" not in engine.log()


@pytest.mark.parametrize("kind", ["corrupt", "foreign"])
def test_failure_26_a_file_that_cannot_be_used_is_set_aside_and_reported(world: World, kind: str) -> None:
    data_dir = world.directory / "data"
    data_dir.mkdir(mode=0o700)
    path = data_dir / "broker.db"
    if kind == "foreign":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE theirs (value)")
        database.close()
    else:
        path.write_bytes(b"\x00garbage" * 1000)
    content = path.read_bytes()
    engine, port = broker(world, data_dir)
    keep_a_session(port)
    (aside,) = data_dir.glob("broker.db.set-aside-*")
    assert aside.read_bytes() == content, "what is set aside is left as it was"
    assert str(aside) in engine.log() and "hint" in engine.log()
