"""Flow tools and credentials that need no sockets, files or certificates."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.engine.memory_broker import MemoryBroker
from tests.engine.skipping_loop import clock

from tidegate.auth.expiry import Expiry
from tidegate.engine.runner import FlowTools
from tidegate.engine.session_records import SessionRecords
from tidegate.engine.token_provider import TokenProvider
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import EndpointPlan
from tidegate.net.stream import Stream
from tidegate.net.tasks import Tasks


class FakeCredentials:
    """One version for all endpoints, or by endpoint; `problem` makes it unusable."""

    def __init__(self, version: bytes = b"1", problem: str | None = None, **versions: bytes) -> None:
        self.version = version
        self.versions = versions
        self.problem = problem
        self.ends: dict[str, tuple[Expiry, ...]] = {}
        self.providers: dict[str, TokenProvider] = {}

    def ssl_context(self, endpoint: EndpointPlan) -> ssl.SSLContext | None:
        if self.problem is not None:
            raise CredentialError("secret s", self.problem, "write both files")
        return None

    def tokens(self, endpoint: EndpointPlan) -> TokenProvider | None:
        return self.providers.get(endpoint.name)

    def expiries(self, endpoint: EndpointPlan) -> tuple[Expiry, ...]:
        return self.ends.get(endpoint.name, ())

    def fingerprint(self, endpoint: EndpointPlan) -> bytes:
        return self.versions.get(endpoint.name, self.version)


class World:
    """A source and a destination broker, told apart by port 1883 and any other."""

    def __init__(self, tools_directory: Path) -> None:
        self.source = MemoryBroker()
        self.destination = MemoryBroker()
        self.failures: list[tuple[str, Exception]] = []
        self.tasks = Tasks(lambda name, error: self.failures.append((name, error)))
        self.records = SessionRecords(tools_directory)
        self.tools = FlowTools(
            dial=self._dial,
            records=self.records,
            tasks=self.tasks,
            clock=clock,
            random=lambda: 0.0,
            new_id=lambda: "id",
        )

    async def _dial(self, endpoint: EndpointPlan, tls: ssl.SSLContext | None) -> Stream:
        broker = self.source if endpoint.port == 1883 else self.destination
        return await broker.dial(endpoint, tls)

    async def connected(self, name: str = "tidegate-bridge-0") -> None:
        """Wait until a flow is subscribed and connected."""
        await self.source.until(lambda: self.source.sessions.get(f"{name}-source"))
        await self.destination.until(lambda: f"{name}-destination" in self.destination.live)


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    """Make a world, and clear it away; a task that failed fails the test."""
    made = World(directory)
    try:
        yield made
    finally:
        await made.tasks.close()
        made.records.close()
    assert made.failures == []
