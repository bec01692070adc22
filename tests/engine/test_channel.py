import asyncio
import socket

from tidegate.engine.channel import Channel


def test_messages_arrive_in_order() -> None:
    async def main() -> None:
        left, right = [await Channel.over(end) for end in socket.socketpair()]
        for number in range(100):
            left.send(number, ["x" * number])
        await left.flush()
        assert [await right.receive() for _ in range(100)] == [(number, ["x" * number]) for number in range(100)]
        left.close()
        assert await right.receive() is None
        right.close()

    asyncio.run(main())


def test_an_end_in_the_middle_of_a_message_is_an_end() -> None:
    async def main() -> None:
        ours, theirs = socket.socketpair()
        channel = await Channel.over(ours)
        theirs.sendall(b"\x00\x00\x00\x09abc")
        theirs.close()
        assert await channel.receive() is None
        channel.close()

    asyncio.run(main())
