"""The local certificate authority while the broker runs: it is renewed before it ends, and issues to listeners.

Knows which certificates are due. Does not know listeners, or how a certificate is made (`auth.authority`).
"""

import asyncio
from pathlib import Path

from tidegate.auth.authority import Authority
from tidegate.engine.broker_log import BrokerLog
from tidegate.exceptions import CredentialError

__all__ = ["BrokerAuthority"]


class BrokerAuthority:
    """The authority of one data directory, and the certificates that it has issued for the listeners of this process."""

    def __init__(self, authority: Authority, directory: Path, log: BrokerLog) -> None:
        self._authority = authority
        self._directory = directory
        self._log = log
        self._certificates: dict[tuple[str, ...], tuple[bytes, bytes, float]] = {}
        self.problem: str | None = None
        """Why it cannot be renewed."""

    def bundle_pem(self) -> str:
        """Return what clients are to trust."""
        return self._authority.bundle_pem()

    def server_certificate(self, names: tuple[str, ...], now_wall: float) -> tuple[bytes, bytes]:
        """Return chain and key of a certificate for `names` beside the usual ones, another one when it is due."""
        made = self._certificates.get(names)
        if made is None or made[2] <= now_wall:
            issued = self._authority.server_certificate(names, now_wall)
            made = self._certificates[names] = (issued.chain_pem, issued.key_pem, issued.renew_at_wall)
        return made[0], made[1]

    async def renew(self, now_wall: float) -> None:
        """Renew an authority that ends soon; clients trust the old one and the new until then."""
        if not self._authority.is_ending(now_wall):
            return
        try:
            self._authority = await asyncio.to_thread(Authority.open, self._directory, now_wall)
        except CredentialError as error:
            problem = f"the certificate authority cannot be renewed: {error}"
            if problem != self.problem:
                self._log.failed("the certificate authority cannot be renewed", str(error), error.hint)
            self.problem = problem
            return
        self.problem = None
        self._certificates.clear()
        self._log.renewed()
