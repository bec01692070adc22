"""From names to sockets, by whichever address answers first."""

import asyncio
import socket

import pytest
from tests.net.conftest import Run
from tests.net.recorder import server

from tidegate.net import addresses
from tidegate.net.addresses import Address, connect_first, resolve


def address(host: str, port: int) -> Address:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


async def _accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def test_families_alternate_and_the_first_choice_stays_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        six = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (f"2001:db8::{n}", 1883, 0, 0)) for n in (1, 2, 3)]
        four = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 1883))]

        class Resolver:
            async def getaddrinfo(self, host: str, port: int, *, type: int) -> list[object]:
                return [*six, *four]

        monkeypatch.setattr(asyncio, "get_running_loop", Resolver)
        try:
            found = await resolve("broker.example", 1883)
        finally:
            monkeypatch.undo()
        assert found == [six[0], four[0], six[1], six[2]]

    run(test())


def test_the_first_address_that_connects_is_taken(run: Run) -> None:
    async def test() -> None:
        async with server(_accept) as port:
            outcome = await connect_first([address("127.0.0.1", free_port()), address("127.0.0.1", port)])
            assert isinstance(outcome, socket.socket)
            with outcome:
                assert outcome.getpeername() == ("127.0.0.1", port)

    run(test())


def test_an_address_that_does_not_answer_is_overtaken(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "NEXT_ADDRESS_SECONDS", 0.01)

    async def test() -> None:
        full = _full_listener()
        try:
            async with server(_accept) as port:
                outcome = await connect_first(
                    [address("127.0.0.1", full[0].getsockname()[1]), address("127.0.0.1", port)]
                )
                assert isinstance(outcome, socket.socket)
                with outcome:
                    assert outcome.getpeername() == ("127.0.0.1", port)
        finally:
            for sock in full:
                sock.close()

    run(test())


def test_the_errors_of_all_are_returned_when_none_connects(run: Run) -> None:
    async def test() -> None:
        outcome = await connect_first([address("127.0.0.1", free_port()), address("127.0.0.2", free_port())])
        assert isinstance(outcome, list)
        assert [type(error) for error in outcome] == [ConnectionRefusedError, ConnectionRefusedError]

    run(test())


def test_cancelling_leaves_no_socket(run: Run) -> None:
    async def test() -> None:
        full = _full_listener()
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await connect_first([address("127.0.0.1", full[0].getsockname()[1])])
        finally:
            for sock in full:
                sock.close()

    run(test())


def _full_listener() -> list[socket.socket]:
    """A listener whose queue is full, so that the next connection waits without answer; and what fills it."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = [socket.socket() for _ in range(3)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
    return [listener, *fillers]
