"""MQTT 5, chapter 6: the broker over WebSockets, on loopback."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from mqtt5 import ConnectPacket, PingReqPacket
from tests.broker_play import publish, subscribe, subscription
from tests.engine.test_broker_host import World, run
from tests.net.test_listener import closed
from tests.net.test_websocket_server import SETTINGS, answer, frame, request

from tidegate.net.listener import Listener

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
UNSUPPORTED_DATA = b"\x03\xeb"
CONNECT = ConnectPacket("one").write()
CONNACK_BYTES = 16

Talk = Callable[[World, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def talk(with_it: Talk) -> None:
    """Talk to a broker over a raw connection to its WebSocket listener."""

    async def scenario(world: World) -> None:
        listener = Listener(SETTINGS, lambda stream, info: world.host.accept(world.policy, stream, info.address, ()))
        await listener.listen(None)
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await with_it(world, reader, writer)
        await closed(writer)
        listener.close()

    run(scenario)


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return opcode and payload of the next frame, which is whole and short."""
    first, length = await reader.readexactly(2)
    assert first & 0x80
    assert length < 126
    return first & 0x0F, await reader.readexactly(length)


async def read_mqtt(reader: asyncio.StreamReader, length: int) -> bytes:
    """Return so many bytes of MQTT, from however many binary frames."""
    data = b""
    while len(data) < length:
        opcode, payload = await read_frame(reader)
        assert opcode == BINARY
        data += payload
    assert len(data) == length
    return data


async def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open the WebSocket and, in MQTT, the connection."""
    writer.write(request())
    await answer(reader)
    writer.write(frame(BINARY, CONNECT))
    opcode, connack = await read_frame(reader)
    assert (opcode, connack[:1], connack[3:4]) == (BINARY, b"\x20", b"\x00")


def test_mqtt_6_0_0_1_packets_come_in_binary_frames() -> None:
    async def with_it(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await opened(reader, writer)
        writer.write(frame(BINARY, PingReqPacket().write()))
        assert await read_frame(reader) == (BINARY, b"\xd0\x00")

    talk(with_it)


@pytest.mark.parametrize("is_connected", [True, False])
def test_mqtt_6_0_0_1_any_other_data_frame_ends_the_connection(is_connected: bool) -> None:
    async def with_it(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_connected:
            await opened(reader, writer)
        else:
            writer.write(request())
            await answer(reader)
        writer.write(frame(TEXT, b"\xc0\x00") + frame(BINARY, PingReqPacket().write()))
        opcode, payload = await read_frame(reader)
        assert (opcode, payload[:2]) == (CLOSE, UNSUPPORTED_DATA)
        writer.write(frame(CLOSE, UNSUPPORTED_DATA))
        assert await reader.read() == b""

    talk(with_it)


def test_mqtt_6_0_0_2_frames_and_packets_need_not_begin_together() -> None:
    async def with_it(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request())
        await answer(reader)
        data = CONNECT + subscribe(1, subscription("a", 0)).write() + publish("a", b"one").write()
        for index in range(len(data)):
            writer.write(frame(BINARY, data[index : index + 1]))
        said = b"\x90\x04\x00\x01\x00\x00" + publish("a", b"one").write()
        assert (await read_mqtt(reader, CONNACK_BYTES + len(said)))[CONNACK_BYTES:] == said
        two = publish("a", b"two").write() + PingReqPacket().write()
        writer.write(frame(BINARY, two[:7], final=False) + frame(PING, b"between") + frame(0, two[7:]))
        assert await read_frame(reader) == (10, b"between")
        said = publish("a", b"two").write()
        assert await read_mqtt(reader, len(said) + 2) == said + b"\xd0\x00"

    talk(with_it)


@pytest.mark.parametrize("offered", ["mqtt", "mqtt, chat", "chat, mqtt", "mqttv3.1, mqtt"])
def test_mqtt_6_0_0_4_the_server_chooses_the_subprotocol_mqtt(offered: str) -> None:
    async def with_it(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(Sec_WebSocket_Protocol=offered))
        lines = (await answer(reader)).split("\r\n")
        assert lines[0].startswith("HTTP/1.1 101")
        assert [line for line in lines if line.lower().startswith("sec-websocket-protocol:")] == [
            "Sec-WebSocket-Protocol: mqtt"
        ]

    talk(with_it)


@pytest.mark.parametrize("offered", [None, "chat", "MQTT"])
def test_section_6_0_who_does_not_offer_mqtt_is_not_served(offered: str | None) -> None:
    async def with_it(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(Sec_WebSocket_Protocol=offered))
        assert (await answer(reader)).startswith("HTTP/1.1 400")

    talk(with_it)
