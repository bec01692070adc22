"""The tokens of one source for one audience, shared by all connections that present them.

Knows when a source has to be asked and what to do when it gives nothing usable: the last good token counts while it
lives. Does not know connections, or where tokens come from.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from tidegate.auth.client_token import ClientToken, check_token, read_token
from tidegate.auth.renewal_schedule import next_look
from tidegate.auth.token_source import TokenSource
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment

__all__ = ["RunBlocking", "TokenProvider"]

RunBlocking = Callable[[Callable[[], bytes], str], Awaitable[bytes]]
"""Runs a call that blocks, in a thread of the given name."""


class TokenProvider:
    """Asks `source` for tokens of `audience`. `problem` is what was wrong the last time it was asked, None for nothing."""

    def __init__(
        self, source: TokenSource, audience: str, *, clock: Callable[[], Moment], run_blocking: RunBlocking
    ) -> None:
        self.problem: CredentialError | None = None
        self._source = source
        self._audience = audience
        self._clock = clock
        self._run_blocking = run_blocking
        self._lock = asyncio.Lock()
        self._last: ClientToken | None = None
        self._got_wall = 0.0
        self._is_trusted = True

    @property
    def reference(self) -> str:
        """Where the tokens come from, as users know it."""
        return self._source.reference

    def version(self) -> Hashable:
        """Return a value that differs from the last one when the source has another token, as far as it can tell."""
        return self._source.version()

    def distrust(self) -> None:
        """Take note that a broker refused the last token: the next connection asks the source."""
        self._is_trusted = False

    async def for_connection(self) -> ClientToken:
        """Return the token for a new connection: a file is read each time, what costs more is asked when it is due.

        Raises:
            CredentialError: there is no usable token.
        """
        last = self._last
        if last is None or self._source.is_cheap or not self._is_trusted or self._is_due(last):
            return await self._ask(last)
        return last

    async def renewed(self, presented: ClientToken) -> ClientToken:
        """Return a token to go on with after `presented`; the same one when there is none newer yet.

        Raises:
            CredentialError: the last good token has expired, and there is no other.
        """
        last = self._last
        if last is not None and last.data != presented.data and not self._is_due(last):
            return last
        return await self._ask(last)

    def next_look(self, token: ClientToken, asked_wall: float, jitter: float) -> float | None:
        """Return when `token` is to be renewed; see `auth.renewal_schedule`."""
        return next_look(token, got_wall=self._got_wall, asked_wall=asked_wall, jitter=jitter)

    def _is_due(self, token: ClientToken) -> bool:
        due = self.next_look(token, self._got_wall, jitter=0.0)
        return due is not None and due <= self._clock().wall

    async def _ask(self, seen: ClientToken | None) -> ClientToken:
        """Ask the source, unless somebody else has just done so."""
        async with self._lock:
            if self._last is not None and self._last is not seen:
                return self._last
            reference = self._source.reference
            try:
                token = read_token(await self._run_blocking(self._source.fetch, f"fetch {reference}"), reference)
                now = self._clock().wall
                check_token(token, self._audience, now, reference)
            except CredentialError as error:
                self.problem = error
                now = self._clock().wall
                if self._last is None or (self._last.expires_wall is not None and self._last.expires_wall <= now):
                    raise
                return self._last
            self.problem = None
            self._is_trusted = True
            if self._last is None or self._last.data != token.data:
                self._last, self._got_wall = token, now
            return self._last
