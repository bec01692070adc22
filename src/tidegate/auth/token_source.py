"""Where tokens come from: the protocol of all sources, and those that need nothing but this process.

Knows how a source is asked. Does not know audiences, renewal or connections. Sources block: ask them in a thread.
"""

from collections.abc import Callable, Hashable
from typing import Protocol

from tidegate.exceptions import CredentialError

__all__ = ["MissingSource", "OwnTokenSource", "TokenSource"]


class TokenSource(Protocol):
    """Gives tokens for one audience. `reference` names it in sentences: `token file /run/token`.

    `is_cheap` tells that asking costs no more than reading a file, so that each connection asks anew.
    """

    reference: str
    is_cheap: bool

    def fetch(self) -> bytes:
        """Give the token of now, unread; it may be the same as before. Raises `CredentialError`."""
        ...

    def version(self) -> Hashable:
        """Give a value that differs from the last one when there is another token; quick, and never raises."""
        ...


class OwnTokenSource:
    """Tokens of our own issuer: `find` gives the one for the audience that is held now, None where there is none."""

    is_cheap = True

    def __init__(self, audience: str, find: Callable[[str], bytes | None]) -> None:
        self.reference = f"token for {audience}"
        self._audience = audience
        self._find = find

    def fetch(self) -> bytes:
        token = self._find(self._audience)
        if token is None:
            raise CredentialError(
                self.reference,
                "the embedded broker issues none for this audience",
                "see the broker's own errors",
            )
        return token

    def version(self) -> Hashable:
        return self._find(self._audience)


class MissingSource:
    """Stands where no source was given; `hint` says how to give one."""

    is_cheap = True

    def __init__(self, audience: str, hint: str) -> None:
        self.reference = f"token for {audience}"
        self._hint = hint

    def fetch(self) -> bytes:
        raise CredentialError(self.reference, "there is no source of tokens for this audience", self._hint)

    def version(self) -> Hashable:
        return None
