"""A TCP proxy that misbehaves on command, and a tap that reads along.

One thread with one event loop. Faults: refuse new connections, cut after N bytes (FIN or RST, in the middle of a packet if
it falls so), stall (everything is accepted and nothing moves: a network cut without FIN), delay, trickle. Chance comes
from a seed.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tests.integration.harness.ports import free_port

__all__ = ["CutPlan", "Ending", "FaultProxy", "Intercept", "Tap"]

READ_BYTES = 64 * 1024
LINGER_RESET = struct.pack("ii", 1, 0)

Direction = Literal["up", "down"]
"""`up` is from the engine to the broker."""


class Tap(Protocol):
    """Reads along on one connection; called on the proxy's thread before the bytes are passed on."""

    def connected(self, connection: int) -> None:
        """A connection was made; `connection` counts from 1."""

    def passing(self, connection: int, direction: Direction, data: bytes) -> None:
        """Bytes that are about to be passed on."""


Ending = Literal["fin", "reset", "silence"]
"""`silence`: the rest never comes, and nobody closes."""


Intercept = Callable[[int, bytes], bytes | None]
"""Asked of what the engine sends on a connection: bytes end it, with them as the answer in place of the broker's."""


@dataclass(slots=True)
class CutPlan:
    """End each of the next `left` connections after `bytes_min` to `bytes_max` bytes, both directions together.

    `endings` are drawn from evenly; `done` counts.
    """

    seed: int
    left: int
    bytes_min: int = 1
    bytes_max: int = 60_000
    endings: tuple[Ending, ...] = ("fin", "reset")
    done: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def draw(self) -> tuple[int, Ending] | None:
        """Return after how many bytes the next connection ends, and how; None when all cuts are used up."""
        if self.left == 0:
            return None
        self.left -= 1
        return self.chance.randint(self.bytes_min, self.bytes_max), self.chance.choice(self.endings)


class Link:
    """One proxied connection."""

    def __init__(self, number: int, sides: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.number = number
        self.sides = sides
        self.bytes_left: int | None = None
        self.ending: Ending = "fin"

    def cut(self, *, reset: bool) -> None:
        """End both sides at once, with RST or with FIN."""
        for side in self.sides:
            if reset and not side.transport.is_closing():
                side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
            side.transport.abort()

    def admit(self, data: bytes) -> bytes:
        """Return how much of `data` may still pass before the planned cut."""
        if self.bytes_left is None:
            return data
        admitted = data[: self.bytes_left]
        self.bytes_left -= len(admitted)
        return admitted


class FaultProxy:
    """Listens on `port` and passes everything to `upstream_port`, until told otherwise."""

    def __init__(self, upstream_port: int, *, tap: Tap | None = None) -> None:
        self.upstream_port = upstream_port
        self.port = free_port()
        self.tap = tap
        self.connections = 0
        self.cut_plan: CutPlan | None = None
        self.intercept: Intercept | None = None
        self.trickle_bytes = 0
        self.delay_seconds = 0.0
        self.refusing = False
        self.links: set[Link] = set()
        self.loop = asyncio.new_event_loop()
        self.flowing: dict[Direction, asyncio.Event] = {"up": asyncio.Event(), "down": asyncio.Event()}
        self.closing = asyncio.Event()
        self.thread = threading.Thread(target=self._run, name=f"proxy-{self.port}", daemon=True)
        self.ready = threading.Event()

    @property
    def cuts_done(self) -> int:
        """How many cuts of the present plan have been made."""
        return self.cut_plan.done if self.cut_plan else 0

    def start(self) -> None:
        """Listen; returns when connections are accepted."""
        self.thread.start()
        assert self.ready.wait(10), "the proxy does not listen"

    def close(self) -> None:
        """Cut everything and end the thread."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(timeout=10)
            assert not self.thread.is_alive(), "the proxy does not end"

    def stall(self, *directions: Direction) -> None:
        """From now on accept, and move nothing, or nothing in the given direction: no FIN, no RST, no answer."""

        def clear() -> None:
            for direction in directions or ("up", "down"):
                self.flowing[direction].clear()

        self._call(clear)

    def flow(self) -> None:
        """End a stall."""
        self._call(self._flow)

    def _flow(self) -> None:
        for flowing in self.flowing.values():
            flowing.set()

    def cut(self, *, reset: bool = False) -> None:
        """End all present connections, with FIN or RST."""

        def cut_all() -> None:
            for link in list(self.links):
                link.cut(reset=reset)

        self._call(cut_all)

    def refuse(self, refusing: bool) -> None:
        """Reset each new connection at once."""
        self.refusing = refusing

    def trickle(self, bytes_per_step: int) -> None:
        """Pass at most so many bytes each millisecond, in each direction; 0 ends it."""
        self.trickle_bytes = bytes_per_step

    def delay(self, seconds: float) -> None:
        """Keep what was read for so long before it is passed on, in each direction; a cut loses what is kept."""
        self.delay_seconds = seconds

    def plan_cuts(self, plan: CutPlan) -> None:
        """Cut the next connections, the present ones first, as `plan` draws."""

        def apply() -> None:
            self.cut_plan = plan
            for link in self.links:
                self._arm(link)

        self._call(apply)

    def _call(self, step: Callable[[], object]) -> None:
        done = threading.Event()

        def run() -> None:
            step()
            done.set()

        self.loop.call_soon_threadsafe(run)
        assert done.wait(10), "the proxy does not answer"

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self._flow()
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=100))
        self.ready.set()
        self.loop.run_forever()
        server.close()
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self) -> None:
        """Let every connection come to its end by itself: a cancelled handler is an error to asyncio's streams."""
        self.closing.set()
        self._flow()
        for link in list(self.links):
            link.cut(reset=True)
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        if handlers:
            await asyncio.wait(handlers, timeout=10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = Link(self.connections, (writer, writer))
        try:
            if self.refusing:
                link.cut(reset=True)
                return
            await self.flowing["up"].wait()
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            link.cut(reset=True)
            return
        link.sides = (writer, upstream_writer)
        for side in link.sides:
            side.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.links.add(link)
        self._arm(link)
        if self.tap:
            self.tap.connected(link.number)
        try:
            await asyncio.gather(
                self._pump(link, "up", reader, upstream_writer), self._pump(link, "down", upstream_reader, writer)
            )
        finally:
            self.links.discard(link)
            link.cut(reset=False)

    def _arm(self, link: Link) -> None:
        drawn = self.cut_plan.draw() if self.cut_plan and link.bytes_left is None else None
        if drawn:
            link.bytes_left, link.ending = drawn

    async def _pump(
        self, link: Link, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                data = await reader.read(self.trickle_bytes or READ_BYTES)
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                await self.flowing[direction].wait()
                if not data:
                    break
                data = link.admit(data)
                answer = self.intercept(link.number, data) if self.intercept and direction == "up" else None
                if answer is not None:
                    await self._answer(link, answer)
                    return
                if self.tap and data:
                    self.tap.passing(link.number, direction, data)
                writer.write(data)
                await writer.drain()
                if link.bytes_left == 0:
                    await self._end_as_planned(link)
                    return
                if self.trickle_bytes:
                    await asyncio.sleep(0.001)
        except OSError:
            pass
        link.cut(reset=False)

    async def _answer(self, link: Link, answer: bytes) -> None:
        link.sides[0].write(answer)
        await link.sides[0].drain()
        link.sides[0].close()
        link.sides[1].transport.abort()

    async def _end_as_planned(self, link: Link) -> None:
        if self.cut_plan and link in self.links:
            self.cut_plan.done += 1
        self.links.discard(link)
        if link.ending == "silence":
            await self.closing.wait()
        link.cut(reset=link.ending == "reset")
