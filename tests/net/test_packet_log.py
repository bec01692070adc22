import asyncio

import pytest
from tests.net.recorder import Recorder

from tidegate.net.packet_log import HEAD_BYTES_MAX, LoggedStream, PacketLines
from tidegate.net.stream import memory_pair

PUBLISH = bytes([0x3B, 9]) + b"\0\3a/b" + b"\0\7" + b"\0" + b"!"
LONG = bytes([0x30, 0x83, 0x08]) + b"\0\3a/b" + b"\0" + b"x" * (0x403 - 6)


@pytest.mark.parametrize(
    ("packet", "line"),
    [
        (PUBLISH, "PUBLISH `a/b` qos 1 id 7 dup retain (11 bytes)"),
        (LONG, "PUBLISH `a/b` qos 0 (1030 bytes)"),
        (bytes([0x20, 3, 1, 0, 0]), "CONNACK 0x00 session present (5 bytes)"),
        (bytes([0x20, 3, 0, 0x87, 0]), "CONNACK 0x87 (5 bytes)"),
        (bytes([0x40, 2, 1, 2]), "PUBACK id 258 (4 bytes)"),
        (bytes([0x40, 3, 0, 7, 0x97]), "PUBACK id 7 0x97 (5 bytes)"),
        (bytes([0x90, 4, 0, 1, 0, 1]), "SUBACK id 1 (6 bytes)"),
        (bytes([0xC0, 0]), "PINGREQ (2 bytes)"),
        (bytes([0xE0, 2, 0x8E, 0]), "DISCONNECT 0x8E (4 bytes)"),
        (bytes([0xE0, 0]), "DISCONNECT (2 bytes)"),
    ],
)
def test_a_packet_has_a_line_in_whatever_pieces_it_comes(packet: bytes, line: str) -> None:
    assert PacketLines().feed(packet + packet) == [line, line]
    pieces = PacketLines()
    found = [each for byte in packet * 3 for each in pieces.feed(bytes([byte]))]
    assert found == [line] * 3


def test_credentials_and_payloads_are_not_shown_and_long_topics_are_cut() -> None:
    connect = bytes([0x10, 20]) + b"\0\4MQTT\5\x42" + b"canary-secret"[:12]
    assert PacketLines().feed(connect) == ["CONNECT (22 bytes)"]
    topic = b"t" * 300
    (line,) = PacketLines().feed(bytes([0x30, 0xB3, 0x02]) + b"\x01\x2c" + topic + b"\0" + b"secret")
    assert len(line) < HEAD_BYTES_MAX + 50
    assert "…" in line
    assert "secret" not in line


def test_what_is_no_packet_ends_in_no_exception() -> None:
    for byte in range(256):
        PacketLines().feed(bytes([byte]) * 1000)


def test_a_logged_stream_passes_everything_on() -> None:
    async def main() -> None:
        ours, theirs = memory_pair(asyncio.get_running_loop())
        lines: list[tuple[str, str]] = []
        logged = LoggedStream(ours, lambda mark, line: lines.append((mark, line)))
        here, there = Recorder(), Recorder()
        logged.start(here)
        theirs.start(there)
        logged.write(bytes([0xC0, 0]))
        logged.writelines([bytes([0xC0]), bytes([0])])
        theirs.write(bytes([0xD0, 0]))
        await there.until(lambda: there.data == bytes([0xC0, 0, 0xC0, 0]))
        await here.until(lambda: here.data == bytes([0xD0, 0]))
        logged.close()
        assert await here.closed is None
        assert lines == [(">", "PINGREQ (2 bytes)")] * 2 + [("<", "PINGRESP (2 bytes)")]
        assert logged.peer == ours.peer

    asyncio.run(main())
