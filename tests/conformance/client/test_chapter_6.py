"""MQTT 5, chapter 6: a client over WebSockets, on loopback."""

import asyncio

from tests.mqtt.conversation import Conversation
from tests.net.recorder import Recorder
from tests.net.test_websocket import connected
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tidegate.mqtt.packets import ConnAckPacket


def test_mqtt_6_0_0_1_packets_leave_in_binary_frames_and_a_text_frame_ends_the_connection() -> None:
    said: list[str | bytes] = []
    closed: list[int] = []

    async def peer(server: ServerConnection) -> None:
        said.append(await server.recv())
        await server.send("text")
        try:
            await server.recv()
        except ConnectionClosed as error:
            assert error.rcvd is not None
            closed.append(error.rcvd.code)

    async def test() -> None:
        async with asyncio.timeout(20), connected(peer) as (stream, receiver, _):
            conversation = Conversation()
            stream.write(conversation.connect_bytes)
            assert await receiver.closed is not None
            assert said == [conversation.connect_bytes]
            assert closed == [1003]

    asyncio.run(test())


def test_mqtt_6_0_0_2_frames_and_packets_need_not_begin_together() -> None:
    """Nor does a message of the WebSocket end where a packet does."""
    connack = ConnAckPacket().write()

    async def peer(server: ServerConnection) -> None:
        await server.send(connack[:1])
        await server.send([connack[1:3], connack[3:] + b"\xd0\x00\xd0"])
        await server.send(b"\x00")
        await server.wait_closed()

    async def test() -> None:
        async with asyncio.timeout(20), connected(peer) as (_, receiver, _):
            await receiver.until(lambda: len(receiver.data) == len(connack) + 4)
            taken = received_by_a_client(receiver)
            assert taken.client.is_connected
            assert not taken.client.is_closing

    asyncio.run(test())


def received_by_a_client(receiver: Recorder) -> Conversation:
    """Give a client what a stream gave, piece by piece."""
    conversation = Conversation()
    for data in receiver.reads:
        conversation.receive(data)
    return conversation


def test_mqtt_6_0_0_3_the_client_offers_the_subprotocol_mqtt() -> None:
    offered: list[list[str]] = []

    async def peer(server: ServerConnection) -> None:
        assert server.request is not None
        offered.append(server.request.headers.get_all("Sec-WebSocket-Protocol"))
        await server.send(b"\xd0\x00")
        await server.wait_closed()

    async def test() -> None:
        async with asyncio.timeout(20), connected(peer) as (_, receiver, _):
            await receiver.until(lambda: bool(receiver.reads))
            assert offered == [["mqtt"]]

    asyncio.run(test())
