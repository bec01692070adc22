import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from msgspec.structs import replace
from tests.engine.skipping_loop import WALL_START, clock, run
from tests.engine.token_sources import SteeredSource, provider_of
from tests.http_stand_in import Answer, Asked, HttpStandIn
from tests.tokens import unsigned_token

from tidegate.auth.managed_identity import ManagedIdentity
from tidegate.auth.token_source import TokenSource
from tidegate.engine.token_renewal import TokenRenewal
from tidegate.exceptions import CredentialError
from tidegate.flow.events import Side
from tidegate.flow.plan import SystemIdentityPlan
from tidegate.telemetry.credential_events import CredentialRefused

HOUR = 3600.0


def token_of(issued: float, expires: float) -> bytes:
    return unsigned_token("my-broker", issued, expires)


class Scene:
    """A renewal whose connection takes everything that is presented."""

    def __init__(self, source: TokenSource, audience: str) -> None:
        self.source = source
        self.presented: list[tuple[float, bytes]] = []
        self.reports: list[CredentialRefused] = []
        self.accepts = True
        self.renewal = TokenRenewal(
            Side.SOURCE,
            provider_of(source, audience),
            present=self._present,
            report=self.reports.append,
            clock=clock,
            random=lambda: 0.0,
        )

    def _present(self, token: bytes) -> bool:
        if self.accepts:
            self.presented.append((round(clock().wall - WALL_START, 1), token))
        return self.accepts

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.presented]

    async def open(self) -> bytes:
        token = await self.renewal.for_connection()
        self.renewal.opened()
        return token


def play(
    source: TokenSource, story: Callable[[Scene], Coroutine[Any, Any, None]], audience: str = "my-broker"
) -> Scene:
    """Run a story beside a renewal, and end it."""

    async def main() -> Scene:
        scene = Scene(source, audience)
        task = asyncio.get_running_loop().create_task(scene.renewal.run())
        await story(scene)
        task.cancel()
        await asyncio.wait([task])
        return scene

    return run(main())


def with_life(seconds: float) -> SteeredSource:
    """Return a source that gives a new token each time."""
    source = SteeredSource()
    source.next = lambda: token_of(clock().wall, clock().wall + seconds)
    return source


def test_a_token_is_renewed_after_two_thirds_of_its_life_again_and_again() -> None:
    async def story(scene: Scene) -> None:
        await scene.open()
        await asyncio.sleep(3 * HOUR)

    scene = play(with_life(HOUR), story)
    assert scene.times == [2400, 4800, 7200, 9600]
    assert len({token for _, token in scene.presented}) == 4
    assert not scene.reports


def test_the_same_token_is_not_presented_but_asked_again_before_and_at_its_expiry() -> None:
    """As azure-identity does, which serves its cache until five minutes before the expiry."""
    first = token_of(WALL_START, WALL_START + HOUR)
    source = SteeredSource(first)
    asked: list[float] = []

    def answer() -> bytes:
        asked.append(clock().wall - WALL_START)
        return first if clock().wall < WALL_START + HOUR - 299 else token_of(clock().wall, clock().wall + HOUR)

    source.next = answer

    async def story(scene: Scene) -> None:
        await scene.open()
        await asyncio.sleep(HOUR)

    scene = play(source, story)
    assert asked == pytest.approx([0, 2400, 3305], abs=0.1)
    assert scene.times == [3305]


def test_failure_24_nothing_new_at_all_is_reported_and_asked_for_until_there_is() -> None:
    source = SteeredSource(token_of(WALL_START, WALL_START + HOUR))

    async def story(scene: Scene) -> None:
        await scene.open()
        await asyncio.sleep(HOUR - 1)
        assert (source.asked, scene.reports) == (3, [])
        await asyncio.sleep(301)
        (report,) = scene.reports
        assert report.keeps_connection
        assert "it expired on" in report.detail
        assert scene.renewal.problem is not None
        source.token = token_of(clock().wall, clock().wall + HOUR)
        await asyncio.sleep(61)
        assert len(scene.presented) == 1
        assert scene.renewal.problem is None

    play(source, story)


def test_failure_24_a_source_in_trouble_is_asked_again_with_longer_pauses() -> None:
    source = with_life(HOUR)

    async def story(scene: Scene) -> None:
        await scene.open()
        source.problem = "cannot be read"
        await asyncio.sleep(2400 + 1 + 2 + 4 + 8 + 0.5)
        assert source.asked == 6
        assert [report.detail for report in scene.reports] == ["token of a test: cannot be read"]
        source.problem = None
        await asyncio.sleep(16)
        assert len(scene.presented) == 1

    play(source, story)


def test_failure_24_a_rotated_file_is_presented_at_once() -> None:
    source = SteeredSource(token_of(WALL_START, WALL_START + 24 * HOUR), is_cheap=True)

    async def story(scene: Scene) -> None:
        await scene.open()
        await asyncio.sleep(100)
        assert not scene.renewal.look()
        source.token = token_of(WALL_START + 100, WALL_START + 25 * HOUR)
        assert scene.renewal.look()
        await asyncio.sleep(0.1)
        assert scene.presented == [(100, source.token)]
        assert scene.renewal.held is not None
        assert scene.renewal.held.expires_wall == WALL_START + 25 * HOUR

    play(source, story)


def test_while_the_one_before_is_unanswered_the_next_waits() -> None:
    async def story(scene: Scene) -> None:
        await scene.open()
        scene.accepts = False
        await asyncio.sleep(2405)
        assert scene.presented == []
        scene.accepts = True
        await asyncio.sleep(1.1)
        assert len(scene.presented) == 1

    play(with_life(HOUR), story)


def test_without_a_connection_nothing_is_asked_and_the_next_one_asks_for_itself() -> None:
    source = with_life(HOUR)

    async def story(scene: Scene) -> None:
        await scene.open()
        scene.renewal.ended(is_refused=False)
        await asyncio.sleep(2 * HOUR)
        assert source.asked == 1
        await scene.open()
        assert source.asked == 2
        await asyncio.sleep(2401)
        assert scene.times == [9600]

    play(source, story)


def test_a_refused_token_is_not_presented_again_when_there_is_another() -> None:
    source = with_life(HOUR)

    async def story(scene: Scene) -> None:
        first = await scene.open()
        await asyncio.sleep(1)
        scene.renewal.ended(is_refused=False)
        assert await scene.open() == first
        scene.renewal.ended(is_refused=True)
        assert await scene.open() != first

    play(source, story)


def test_no_token_at_all_is_the_dialers_business() -> None:
    source = SteeredSource()
    source.problem = "cannot be read"

    async def story(scene: Scene) -> None:
        with pytest.raises(CredentialError):
            await scene.open()
        assert not scene.reports

    play(source, story)


def test_a_wall_clock_that_is_set_forward_is_noticed_within_a_minute() -> None:
    source = SteeredSource(token_of(WALL_START, WALL_START + 24 * HOUR))

    async def story(scene: Scene) -> None:
        await scene.open()
        source.token = token_of(WALL_START, WALL_START + 48 * HOUR)
        jump = 20 * HOUR
        now = scene.renewal._clock
        scene.renewal._clock = lambda: replace(now(), wall=now().wall + jump)
        provider = scene.renewal._provider
        provider._clock = scene.renewal._clock
        await asyncio.sleep(61)
        assert len(scene.presented) == 1

    play(source, story)


def test_azure_identity_gives_new_tokens_in_the_last_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real library, asked by the fake clock; its cache decides when there is another token."""
    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    audience = "https://eventgrid.azure.net"
    life = HOUR

    def answer(asked: Asked) -> Answer:
        now = time.time()
        token = unsigned_token(audience, now, now + life, jti=str(now)).decode()
        return Answer(json.dumps({"access_token": token, "expires_in": str(int(life)), "resource": audience}).encode())

    async def story(scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(time, "time", lambda: WALL_START + loop.time())
        await scene.open()
        await asyncio.sleep(3 * HOUR)

    with HttpStandIn(answer) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{server.port}")
        source = ManagedIdentity(SystemIdentityPlan(audience=audience), {})
        scene = play(source, story, audience)
        monkeypatch.undo()
    assert scene.times == [3305, 6610, 9915]
    assert len(server.asked) == 4
    assert scene.reports == []
