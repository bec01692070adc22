"""A stream that lets so many messages a second out."""

import asyncio
from collections.abc import Awaitable, Callable

import mqtt5
from tests.broker_play import publish
from tests.engine.skipping_loop import SkippingLoop

from tidegate.engine.paced_stream import PacedStream
from tidegate.net.stream import WRITE_HIGH_BYTES, memory_pair

PING = mqtt5.PingRespPacket().write()


def message(number: int, size: int = 1) -> bytes:
    return publish("a", b"%d" % number * size).write()


class Reader:
    def __init__(self) -> None:
        self.data = b""
        self.arrived: list[float] = []
        self.is_closed = False
        self.paused = 0
        self.resumed = 0

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.arrived.append(asyncio.get_running_loop().time())

    def stream_closed(self, error: Exception | None) -> None:
        self.is_closed = True

    def writing_paused(self) -> None:
        self.paused += 1

    def writing_resumed(self) -> None:
        self.resumed += 1


Scenario = Callable[[PacedStream, Reader, Reader], Awaitable[None]]


def run(scenario: Scenario, per_second: float = 2.0) -> None:
    async def main() -> None:
        ours, theirs = memory_pair(asyncio.get_running_loop())
        stream, writer, reader = PacedStream(ours, per_second), Reader(), Reader()
        theirs.start(reader)
        stream.start(writer)
        await asyncio.wait_for(scenario(stream, writer, reader), 1_000)
        stream.abort()

    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(main())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def test_messages_wait_their_turn_and_all_arrive_in_order() -> None:
    async def scenario(stream: PacedStream, writer: Reader, reader: Reader) -> None:
        everything = [PING, *(message(number) for number in range(4)), PING]
        stream.writelines(everything[:3])
        stream.write(b"".join(everything[3:]))
        await until(lambda: len(reader.data) == sum(map(len, everything)))
        assert reader.data == b"".join(everything), "what is no message keeps its place"
        assert reader.arrived[0] < 0.1 and 0.9 < reader.arrived[-1] < 1.2

    run(scenario)


def test_a_writer_is_told_to_pause_while_much_waits() -> None:
    async def scenario(stream: PacedStream, writer: Reader, reader: Reader) -> None:
        size = WRITE_HIGH_BYTES // 4
        for number in range(8):
            stream.write(message(number, size))
        assert writer.paused == 1 and writer.resumed == 0
        await until(lambda: writer.resumed > 0)
        await until(lambda: len(reader.data) > 8 * size)

    run(scenario)


def test_the_last_word_does_not_wait_behind_messages() -> None:
    async def scenario(stream: PacedStream, writer: Reader, reader: Reader) -> None:
        for number in range(5):
            stream.write(message(number))
        goodbye = mqtt5.DisconnectPacket().write()
        stream.write(goodbye)
        stream.close()
        stream.write(message(9))
        await until(lambda: reader.is_closed)
        assert reader.data == message(0) + message(1) + goodbye

    run(scenario)
