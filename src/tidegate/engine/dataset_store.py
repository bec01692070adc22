"""Data sets out of the keys of a state store, read once and again whenever the store says that one changed (facts 3.11).

Knows when to connect and what to ask. Does not know the store's protocol (`state_client`) or what keys hold (`datasets`).
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from tidegate.engine.credentials import CREDENTIAL_REFUSALS, Credentials
from tidegate.engine.datasets import Datasets
from tidegate.engine.dial_loop import GOOD_CONNECTION_SECONDS
from tidegate.engine.mqtt_target import Target
from tidegate.engine.mqtt_tool import Client, ClientOptions
from tidegate.engine.state_client import StateClient
from tidegate.exceptions import ConnectFailed, CredentialError, StateRequestFailed
from tidegate.flow.mapping import authentication_method
from tidegate.flow.plan import DatasetsPlan, EndpointPlan
from tidegate.moment import Moment
from tidegate.net.backoff import Backoff
from tidegate.net.stream import Stream

__all__ = ["DatasetStore"]


class DatasetStore:
    """Reads the data sets of one flow, on a connection of its own.

    A connection that was good is made again at once, and only what fails then is a loss: so a token that ends, which ends
    the connection, is none.
    """

    def __init__(
        self,
        plan: DatasetsPlan,
        datasets: Datasets,
        credentials: Credentials,
        *,
        dial: Callable[[EndpointPlan, ssl.SSLContext | None], Awaitable[Stream]],
        clock: Callable[[], Moment],
        random: Callable[[], float],
    ) -> None:
        assert plan.store is not None, "data sets of a folder have no store"
        self._plan = plan
        self._endpoint = plan.store
        self._datasets = datasets
        self._credentials = credentials
        self._dial = dial
        self._clock = clock
        self._backoff = Backoff(random)
        self._wake = asyncio.Event()
        self._client: Client | None = None
        self._fingerprint = b""
        self._opened_at: float | None = None

    async def run(self) -> None:
        """See `DatasetReader`."""
        while True:
            self._wake.clear()
            self._opened_at = None
            try:
                await self._follow()
            except (ConnectFailed, CredentialError, StateRequestFailed) as error:
                failed, hint = str(error), error.hint
            except Exception as error:  # a fault of ours here must not leave the flow with old data sets for ever
                failed, hint = f"internal error: {type(error).__name__}: {error}", "please report this"
            if self._was_good():
                self._backoff.reset()
                continue
            seconds = self._backoff.next_seconds()
            if not self._wake.is_set():
                self._datasets.lose(failed, hint, seconds)
            await self._wait(seconds)

    def use_credentials(self, credentials: Credentials) -> None:
        """See `DatasetReader`: a connection that used others is made again, and one that waits is tried at once."""
        self._credentials = credentials
        fingerprint = credentials.fingerprint(self._endpoint)
        if fingerprint != self._fingerprint:
            self._fingerprint = fingerprint
            self._wake.set()
            if self._client is not None:
                self._client.give_up("the credential changed")

    async def _follow(self) -> None:
        """Connect, read all keys, and then those that change, until the connection ends."""
        endpoint = self._endpoint
        self._fingerprint = self._credentials.fingerprint(endpoint)
        tls = self._credentials.ssl_context(endpoint)
        provider = self._credentials.tokens(endpoint)
        token = None if provider is None else (await provider.for_connection()).data
        target = Target(endpoint=endpoint, tls=tls, method=authentication_method(endpoint.authentication), token=token)
        options = ClientOptions(client_id=self._plan.client_id, keep_alive_seconds=self._plan.keep_alive_seconds)
        client = Client(target, options, lambda: self._dial(endpoint, tls), self._clock)
        try:
            async with client:
                self._client = client
                await self._read(StateClient(client, self._plan.client_id))
        finally:
            self._client = None
            if provider is not None and client.end_code in CREDENTIAL_REFUSALS:
                provider.distrust()

    async def _read(self, store: StateClient) -> None:
        await store.open()
        # Asked to be told first: what changes while the keys are read is read again.
        for key in self._plan.keys:
            await store.watch(key.encode())
        for key in self._plan.keys:
            await self._take(store, key)
        self._opened_at = self._clock().monotonic
        self._datasets.watch()
        while True:
            changed = await store.changed()
            for key in self._plan.keys:
                if key.encode() in changed:
                    await self._take(store, key)

    async def _take(self, store: StateClient, key: str) -> None:
        hint = f"write its records with `tidegate statestore set {key} --file FILE`"
        await self._datasets.take(key, await store.read(key.encode()), hint)

    def _was_good(self) -> bool:
        """Tell whether the connection that has ended lived long enough after all keys were read."""
        return self._opened_at is not None and self._clock().monotonic - self._opened_at >= GOOD_CONNECTION_SECONDS

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
