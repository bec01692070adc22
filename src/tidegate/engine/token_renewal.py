"""Keeps the token of one side of a flow fresh: the one for CONNECT, and new ones while the connection lives.

Knows when to look for a new token and what becomes of it. Does not know sources, MQTT or how anything is shown.
"""

import asyncio
from collections.abc import Callable

from tidegate.auth.client_token import ClientToken
from tidegate.auth.expiry import Expiry
from tidegate.engine.token_provider import TokenProvider
from tidegate.exceptions import CredentialError
from tidegate.flow.events import Side
from tidegate.moment import Moment
from tidegate.telemetry.credential_events import CredentialRefused

__all__ = ["TokenRenewal"]

LOOK_SECONDS_MAX = 60.0
"""The longest wait, since the wall clock, which expiry is told in, may be set meanwhile."""

RETRY_SECONDS_MIN = 1.0
RETRY_SECONDS_MAX = 60.0
"""After a source that gave nothing usable; the time doubles in between."""


class TokenRenewal:
    """One side's token. `present` sends a new one on the live connection and tells whether it could.

    `report` is told once of each thing that is wrong, `random` gives numbers from 0 to below 1.
    """

    def __init__(
        self,
        side: Side,
        provider: TokenProvider,
        *,
        present: Callable[[bytes], bool],
        report: Callable[[CredentialRefused], None],
        clock: Callable[[], Moment],
        random: Callable[[], float],
    ) -> None:
        self._side = side
        self._provider = provider
        self._present = present
        self._report = report
        self._clock = clock
        self._random = random
        self._wake = asyncio.Event()
        self._held: ClientToken | None = None
        self._held_since_wall = 0.0
        self._is_open = False
        self._due_wall: float | None = None
        self._is_hurried = False
        self._failures = 0
        self._version = provider.version()
        self.problem: str | None = None
        """What keeps the next token away, None for nothing."""

    @property
    def held(self) -> ClientToken | None:
        """Return the token that was presented last."""
        return self._held

    @property
    def expiry(self) -> Expiry | None:
        """Return the end of the token that was presented last, None where there is none."""
        held = self._held
        if held is None or held.expires_wall is None:
            return None
        begins_wall = self._held_since_wall if held.issued_wall is None else held.issued_wall
        name = self._provider.reference
        return Expiry(kind="token", name=name, begins_wall=begins_wall, expires_wall=held.expires_wall)

    async def for_connection(self) -> bytes:
        """Return the token for CONNECT. Raises `CredentialError` when there is none."""
        self._version = self._provider.version()
        self._is_open = self._is_hurried = False
        asked_wall = self._clock().wall
        self._held = token = await self._provider.for_connection()
        self._held_since_wall = asked_wall
        self._note(self._provider.problem, token, asked_wall)
        return token.data

    def opened(self) -> None:
        """Take note that the server has accepted the connection."""
        self._is_open = True
        self._wake.set()

    def ended(self, *, is_refused: bool) -> None:
        """Take note that the connection is over; `is_refused` is for a credential that the server does not take."""
        self._is_open = False
        if is_refused:
            self._provider.distrust()

    def look(self) -> bool:
        """Look whether the source has another token by now, and renew with it; tell whether it has."""
        version = self._provider.version()
        if version == self._version:
            return False
        self._version = version
        self._is_hurried = True
        self._wake.set()
        return True

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            await self._wait()
            held = self._held
            if self._is_open and held is not None and self._seconds_left() <= 0:
                self._is_hurried = False
                await self._renew(held)

    def _seconds_left(self) -> float:
        if self._is_hurried:
            return 0.0
        return LOOK_SECONDS_MAX if self._due_wall is None else self._due_wall - self._clock().wall

    async def _wait(self) -> None:
        seconds = min(max(0.0, self._seconds_left()), LOOK_SECONDS_MAX) if self._is_open else LOOK_SECONDS_MAX
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _renew(self, held: ClientToken) -> None:
        asked_wall = self._clock().wall
        try:
            token = await self._provider.renewed(held)
        except CredentialError as error:
            self._note(error, held, asked_wall)
            return
        if not self._is_open or self._held is not held:
            # The connection ended meanwhile, and the next one asks for itself.
            return
        if token.data == held.data:
            self._note(self._provider.problem, held, asked_wall)
        elif self._present(token.data):
            self._held, self._held_since_wall = token, asked_wall
            self._note(self._provider.problem, token, asked_wall)
        else:
            # The one before is not answered yet.
            self._due_wall = asked_wall + RETRY_SECONDS_MIN

    def _note(self, problem: CredentialError | None, token: ClientToken, asked_wall: float) -> None:
        """Set the time of the next look, and report what is wrong when it is something else than before."""
        if problem is None:
            self._failures, self.problem = 0, None
            self._due_wall = self._provider.next_look(token, asked_wall, self._random())
            if self._due_wall is None and token.expires_wall is not None:
                self._due_wall = asked_wall + RETRY_SECONDS_MAX
            return
        seconds = min(RETRY_SECONDS_MIN * 2**self._failures, RETRY_SECONDS_MAX)
        self._due_wall = asked_wall + seconds
        if seconds < RETRY_SECONDS_MAX:
            self._failures += 1
        if str(problem) != self.problem:
            self.problem = str(problem)
            self._report(CredentialRefused(self._side, str(problem), problem.hint, keeps_connection=True))
