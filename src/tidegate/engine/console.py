"""The console: a process of its own for HTTP APIs, so that a request never delays a message.

Knows what it is told, and its certificate. Does not know what it answers (`web`) or how its process is kept alive (`child`).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.engine.channel import Channel
from tidegate.engine.child import Child
from tidegate.exceptions import CredentialError
from tidegate.moment import Moment
from tidegate.net.tasks import Tasks
from tidegate.settings import Settings
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line

if TYPE_CHECKING:
    from tidegate.auth.authority import ServerCertificate

__all__ = ["Console", "ConsoleSetup", "NewCertificate", "console_certificate"]

RENEWAL_SECONDS_MAX = 86_400.0
"""The longest wait before the certificate is looked at again."""

RETRY_SECONDS = 60.0
"""The wait after a certificate that could not be renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSetup:
    """The first message: what the console needs before it can answer. No `repr` shows the key."""

    settings: Settings
    chain_pem: bytes
    key_pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertificate:
    """The certificate to show from now on."""

    chain_pem: bytes
    key_pem: bytes = field(repr=False)


class Console:
    """The console of an engine.

    Args:
        certificate: makes a server certificate; it blocks, and may raise `CredentialError`, which is logged: it is asked again.
        command: starts the process; the descriptor of the inherited socket is appended.
    """

    def __init__(
        self,
        settings: Settings,
        certificate: "Callable[[], ServerCertificate]",
        tasks: Tasks,
        *,
        command: Sequence[str],
        clock: Callable[[], Moment],
        random: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._certificate = certificate
        self._clock = clock
        self._child = Child(
            "console",
            f"{settings.api_host}:{settings.api_port}",
            self._talk,
            tasks,
            command=command,
            monotonic=lambda: clock().monotonic,
            random=random,
        )

    @property
    def process_id(self) -> int | None:
        """Return the id of the process that runs now."""
        return self._child.process_id

    async def stop(self) -> None:
        """End the process."""
        await self._child.stop()

    async def _talk(self, channel: Channel) -> None:
        made = await self._made()
        if made is None:
            # A process without certificate can answer nobody; the next one, which `Child` starts after a while, asks again.
            return
        channel.send(0, ConsoleSetup(settings=self._settings, chain_pem=made.chain_pem, key_pem=made.key_pem))
        renew_at_wall = made.renew_at_wall
        while True:
            try:
                async with asyncio.timeout(min(RENEWAL_SECONDS_MAX, max(1.0, renew_at_wall - self._clock().wall))):
                    if await channel.receive() is None:
                        return
            except TimeoutError:
                if renew_at_wall > self._clock().wall:
                    continue
                made = await self._made()
                if made is None:
                    renew_at_wall = self._clock().wall + RETRY_SECONDS
                else:
                    renew_at_wall = made.renew_at_wall
                    channel.send(0, NewCertificate(chain_pem=made.chain_pem, key_pem=made.key_pem))

    async def _made(self) -> "ServerCertificate | None":
        """Make a certificate; None, and a line in the log, where it cannot be made now."""
        try:
            return await asyncio.to_thread(self._certificate)
        except CredentialError as error:
            text = f"the console has no new certificate: {error}"
            log_engine_line("consoles", Line("error", "!", text, hint=error.hint))
            return None


def console_certificate(directory: Path, names: tuple[str, ...], now_wall: float) -> "ServerCertificate":
    """Make a certificate of the local authority for the console. Blocks. Raises `CredentialError`."""
    # Imported here: an engine without console is spared its cryptography.
    from tidegate.auth.authority import Authority

    return Authority.open(directory, now_wall).server_certificate(names, now_wall)
