import asyncio
from collections.abc import Callable

import pytest
from tests.engine.skipping_loop import WALL_START, clock, run
from tests.engine.token_sources import SteeredSource, provider_of
from tests.tokens import unsigned_token

from tidegate.auth.token_source import TokenSource
from tidegate.engine.token_provider import TokenProvider
from tidegate.exceptions import CredentialError

HOUR = 3600.0


def token(number: int = 1, *, expires: float = WALL_START + HOUR, audience: str = "my-broker") -> bytes:
    return unsigned_token(audience, WALL_START, expires, jti=str(number))


def test_what_costs_something_is_asked_when_it_is_due() -> None:
    async def main() -> None:
        source = SteeredSource(token(1))
        provider = provider_of(source)
        first = await provider.for_connection()
        assert (await provider.for_connection()) is first
        assert source.asked == 1
        await asyncio.sleep(HOUR * 0.67)
        source.token = token(2)
        assert (await provider.for_connection()).data == source.token
        assert source.asked == 2

    run(main())


def test_failure_24_a_file_is_read_at_each_connection() -> None:
    async def main() -> None:
        source = SteeredSource(token(1), is_cheap=True)
        provider = provider_of(source)
        await provider.for_connection()
        source.token = token(2)
        assert (await provider.for_connection()).data == source.token

    run(main())


def test_a_refused_token_is_asked_for_anew() -> None:
    async def main() -> None:
        source = SteeredSource(token(1))
        provider = provider_of(source)
        await provider.for_connection()
        source.token = token(2)
        provider.distrust()
        assert (await provider.for_connection()).data == source.token
        await provider.for_connection()
        assert source.asked == 2

    run(main())


def test_failure_24_an_empty_or_unreadable_source_keeps_the_last_good_token() -> None:
    async def main() -> None:
        source = SteeredSource(token(1), is_cheap=True)
        provider = provider_of(source)
        first = await provider.for_connection()
        for text, problem in ((b"", None), (b"half", None), (token(audience="other"), None), (b"", "cannot be read")):
            source.token, source.problem = text, problem
            assert (await provider.for_connection()) is first
            assert (await provider.renewed(first)) is first
            assert provider.problem is not None
        source.token, source.problem = token(2), None
        assert (await provider.renewed(first)).data == source.token
        assert provider.problem is None

    run(main())


def test_failure_24_a_last_good_token_that_has_expired_is_none() -> None:
    async def main() -> None:
        source = SteeredSource(token(1))
        provider = provider_of(source)
        first = await provider.for_connection()
        await asyncio.sleep(HOUR)
        with pytest.raises(CredentialError, match="it expired on"):
            await provider.renewed(first)
        source.problem = "cannot be read"
        with pytest.raises(CredentialError, match="cannot be read"):
            await provider.for_connection()

    run(main())


def test_failure_24_an_expired_token_is_not_presented() -> None:
    async def main() -> None:
        with pytest.raises(CredentialError, match="it expired on"):
            await provider_of(SteeredSource(token(expires=WALL_START - 1))).for_connection()

    run(main())


def test_connections_that_need_one_at_the_same_time_ask_once() -> None:
    async def slowly(call: Callable[[], bytes], name: str) -> bytes:
        assert name == "fetch token of a test"
        await asyncio.sleep(1)
        return call()

    async def main() -> None:
        source: TokenSource = SteeredSource(token(1))
        provider = TokenProvider(source, "my-broker", clock=clock, run_blocking=slowly)
        first, second = await asyncio.gather(provider.for_connection(), provider.for_connection())
        assert first is second
        assert isinstance(source, SteeredSource) and source.asked == 1
        source.token = token(2)
        renewed = await asyncio.gather(provider.renewed(first), provider.renewed(first))
        assert [each.data for each in renewed] == [token(2), token(2)]
        assert source.asked == 2

    run(main())
