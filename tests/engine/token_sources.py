"""A token source that a test steers, and a way to ask it that needs no thread."""

from collections.abc import Callable, Hashable

from tests.engine.skipping_loop import clock

from tidegate.auth.token_source import TokenSource
from tidegate.engine.token_provider import TokenProvider
from tidegate.exceptions import CredentialError

__all__ = ["SteeredSource", "provider_of", "run_inline"]


class SteeredSource:
    """Gives `token`, or what is wrong; `asked` counts."""

    def __init__(self, token: bytes = b"", *, is_cheap: bool = False) -> None:
        self.reference = "token of a test"
        self.is_cheap = is_cheap
        self.token = token
        self.problem: str | None = None
        self.next: Callable[[], bytes] | None = None
        self.asked = 0

    def fetch(self) -> bytes:
        self.asked += 1
        if self.problem is not None:
            raise CredentialError(self.reference, self.problem, "mend it")
        return self.token if self.next is None else self.next()

    def version(self) -> Hashable:
        return self.token


async def run_inline(call: Callable[[], bytes], name: str) -> bytes:
    return call()


def provider_of(source: TokenSource, audience: str = "my-broker") -> TokenProvider:
    """Return a provider on the skipping loop's clock."""
    return TokenProvider(source, audience, clock=clock, run_blocking=run_inline)
