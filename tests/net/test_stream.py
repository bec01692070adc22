"""The pair in memory keeps the contract of a stream."""

import asyncio

from tests.net.conftest import Run
from tests.net.recorder import Recorder, turns

from tidegate.net.stream import WRITE_HIGH_BYTES, Stream, memory_pair


def pair() -> tuple[Stream, Stream]:
    return memory_pair(asyncio.get_running_loop())


def test_what_is_written_in_one_turn_arrives_as_one_read(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        receiver = Recorder()
        right.start(receiver)
        left.write(b"one ")
        left.write(b"two")
        assert receiver.reads == []
        await turns()
        assert receiver.reads == [b"one two"]

    run(test())


def test_what_came_before_start_is_kept(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        left.write(b"early")
        left.close()
        await turns()
        receiver = Recorder()
        right.start(receiver)
        assert receiver.reads == []
        assert await receiver.closed is None
        assert receiver.data == b"early"

    run(test())


def test_paused_reading_holds_the_bytes_and_the_end(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        receiver = Recorder()
        right.start(receiver)
        right.pause_reading()
        left.write(b"held")
        left.close()
        await turns()
        assert (receiver.reads, receiver.calls) == ([], [])
        right.resume_reading()
        await turns()
        assert (receiver.reads, receiver.calls) == ([b"held"], ["closed"])

    run(test())


def test_a_slow_peer_pauses_writing(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        sender, receiver = Recorder(), Recorder()
        left.start(sender)
        right.start(receiver)
        right.pause_reading()
        left.write(bytes(WRITE_HIGH_BYTES))
        assert sender.calls == []
        left.write(b"x")
        left.write(b"x")
        assert sender.calls == ["paused"]
        right.resume_reading()
        await turns()
        assert sender.calls == ["paused", "resumed"]
        assert len(receiver.data) == WRITE_HIGH_BYTES + 2

    run(test())


def test_close_ends_both_once_and_never_from_inside_the_call(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        ends = Recorder(), Recorder()
        left.start(ends[0])
        right.start(ends[1])
        left.write(b"last")
        left.close()
        left.close()
        left.write(b"ignored")
        right.write(b"ignored")
        assert [end.calls for end in ends] == [[], []]
        await turns()
        assert [end.calls for end in ends] == [["closed"], ["closed"]]
        assert [end.data for end in ends] == [b"", b"last"]

    run(test())


def test_abort_loses_what_was_not_delivered(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        receiver = Recorder()
        right.start(receiver)
        left.write(b"lost")
        left.abort()
        assert await receiver.closed is None
        assert receiver.data == b""

    run(test())


def test_the_peer_has_a_name(run: Run) -> None:
    async def test() -> None:
        left, right = pair()
        assert (left.peer, right.peer) == ("memory:0", "memory:1")

    run(test())
