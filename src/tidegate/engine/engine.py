"""The engine: applies what is declared, follows edits, shows its status, and drains when it is told to stop.

Knows the order of things in a process's life. Does not know how its parts are built (`app`) or what is declared.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tidegate.auth.secret_source import SecretSource
from tidegate.engine.control import Control
from tidegate.engine.credentials import Credentials
from tidegate.engine.declared import Declared, Rejected
from tidegate.engine.health import dataflow_health
from tidegate.engine.listeners import Listeners
from tidegate.engine.store_feed import POLL_SECONDS, StoreFeed
from tidegate.engine.supervisor import Supervisor
from tidegate.engine.watch import Watch
from tidegate.engine.worker_channel import SecretValues
from tidegate.moment import Moment
from tidegate.net.tasks import Tasks
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line, set_levels
from tidegate.telemetry.status import EngineStatus, ReloadStatus, iso_time

if TYPE_CHECKING:  # a worker runs no broker, nor does an engine that needs none
    from tidegate.engine.embedded_broker import EmbeddedBroker

__all__ = ["Engine", "EngineParts", "Watched"]

CREDENTIAL_CHECK_SECONDS = 60.0
"""Between looks at credentials that have not changed but may have become valid with time."""


CREDENTIAL_CHECK_SECONDS_MIN = 0.1
"""Between two looks, however short the lives of our own tokens are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where edits come from: `load` reads and validates what is declared, `signature` changes with it; both in a thread.

    `seen` is the signature of what runs first. `store` is None where the engine takes nothing from one. `given` says to other
    processes what counts beside the store: see `engine/given.py`.
    """

    load: Callable[[], Declared | Rejected]
    signature: Callable[[], Hashable]
    seen: Hashable
    store: StoreFeed | None = None
    given: bytes = b"null"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """What the engine is made of. `credentials` makes those that belong to a set of declared secrets, which `secret_source`
    reads; `new_broker` makes the embedded broker when something first needs it.
    """

    supervisor: Supervisor
    new_broker: "Callable[[], EmbeddedBroker]"
    tasks: Tasks
    watched: Watched
    credentials: Callable[[SecretValues], Credentials]
    secret_source: Callable[[SecretValues], SecretSource]
    clock: Callable[[], Moment]
    log_level: str | None
    process_id: int
    version: str


class Engine:
    """One running engine. `listeners` and `control` are made by functions, since they answer with what it shows."""

    def __init__(
        self,
        parts: EngineParts,
        listeners: "Callable[[Engine], Listeners]",
        control: "Callable[[Engine], Control]",
    ) -> None:
        self._parts = parts
        self._listeners = listeners(self)
        self._control = control(self)
        self._declared = Declared()
        self._broker: EmbeddedBroker | None = None
        self._started = parts.clock()
        self._last_reload = ReloadStatus(at=iso_time(self._started.wall), applied=True, errors=[])
        self._reloading = asyncio.Lock()
        self._stop = asyncio.Event()

    @property
    def declared(self) -> Declared:
        """Return what was applied last."""
        return self._declared

    @property
    def broker(self) -> "EmbeddedBroker | None":
        """Return the embedded broker, None while nothing has needed one."""
        return self._broker

    @property
    def secret_values(self) -> SecretValues:
        """Return the secrets that were declared, and those that the embedded broker gives our own flows."""
        declared = self._declared.secret_values
        return declared if self._broker is None else self._broker.secret_values(declared)

    async def run(self, first: Declared, started: Callable[[], None]) -> None:
        """Run `first`, follow edits, and drain after `stop`. `started` is called once everything runs."""
        parts = self._parts
        await self._apply(first)
        await self._control.listen()
        await self._listeners.listen()
        parts.tasks.start(Watch(parts.watched.signature, self._changed).run(parts.watched.seen), "watch")
        store = parts.watched.store
        if store is not None:
            watch = Watch(store.signature, self._store_changed, poll_seconds=POLL_SECONDS, is_whole=True)
            parts.tasks.start(watch.run(None), "watch the store")
        parts.tasks.start(self._listeners.run(), "listeners")
        parts.tasks.start(self._check_credentials(), "credentials")
        started()
        await self._stop.wait()
        log_engine_line("engine", Line("info", "x", "stopping"))
        await parts.supervisor.stop()
        if self._broker is not None:
            await self._broker.stop()
        self._listeners.close()
        self._control.close()
        log_engine_line("engine", Line("info", "x", "stopped"))

    def stop(self) -> None:
        """Drain and end; called again, do not wait for what is pending."""
        if self._stop.is_set():
            self._parts.supervisor.abandon()
        self._stop.set()

    async def reload(self) -> ReloadStatus:
        """Look at the declared files now."""
        async with self._reloading:
            found = await asyncio.to_thread(self._parts.watched.load)
            now = self._parts.clock()
            if isinstance(found, Rejected):
                self._reject(found, now)
                # A rotated secret has nothing to do with a mistake in a manifest.
                await self._use_credentials()
            elif not self._stop.is_set():
                await self._apply(found)
                self._last_reload = ReloadStatus(at=iso_time(now.wall), applied=True, errors=[])
            return self._last_reload

    async def status(self) -> EngineStatus:
        """Return everything there is to show."""
        flows = await self._parts.supervisor.status()
        return EngineStatus(
            flows=flows,
            dataflows=dataflow_health(flows),
            last_reload=self._last_reload,
            problems=[*self._listeners.problems, *(self._broker.problems if self._broker is not None else ())],
            process_id=self._parts.process_id,
            version=self._parts.version,
            uptime_seconds=self._parts.clock().monotonic - self._started.monotonic,
            broker=self._broker.status() if self._broker is not None else None,
        )

    def handlers(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Return what the control socket answers."""

        async def status() -> bytes:
            return msgspec.json.encode(await self.status())

        async def reload() -> bytes:
            # In a task of its own: whoever asks and does not wait for the answer must not leave it half done.
            task = self._parts.tasks.start(self.reload(), "reload")
            return msgspec.json.encode(await asyncio.shield(task))

        async def given() -> bytes:
            return self._parts.watched.given

        async def plans() -> object:
            # Imported here: hardly any engine is ever asked.
            from tidegate.engine.plan_document import running_plans

            return running_plans(self._declared.wanted, self._declared.broker)

        return {"status": status, "reload": reload, "given": given, "plans": plans}

    async def _store_changed(self) -> None:
        store = self._parts.watched.store
        # A writer that rings has had its change loaded already.
        if store is not None and await asyncio.to_thread(store.has_news):
            await self._changed()

    async def _changed(self) -> None:
        try:
            await self.reload()
        except Exception as error:  # a fault of ours in applying one edit must not end the watch for the next
            text = f"internal error: {type(error).__name__}: {error}"
            self._reject(Rejected((text,)), self._parts.clock())

    async def _apply(self, declared: Declared) -> None:
        before, self._declared = self._declared, declared
        if declared.notes != before.notes:
            for note in declared.notes:
                log_engine_line("engine", Line("warning", "!", note))
        for profile, level in declared.wanted.log_levels.items():
            set_levels(self._parts.log_level or level, profile)
        self._listeners.serve_profiles(declared.prometheus_ports)
        if declared.broker is not None and self._broker is None:
            self._broker = self._parts.new_broker()
        if self._broker is not None:
            await self._broker.apply(declared.broker, self._parts.secret_source(declared.secret_values))
        # Before the flows: a new or changed one dials with what belongs to it.
        await self._use_credentials()
        await self._parts.supervisor.apply(declared.wanted)
        if declared.wanted != before.wanted:
            names = {plan.name for plan in declared.wanted.flows}
            count = "1 data flow runs" if len(names) == 1 else f"{len(names)} data flows run"
            log_engine_line("engine", Line("info", "=", f"applied what is declared: {count}"))

    async def _use_credentials(self) -> None:
        levels = self._declared.wanted.log_levels
        if self._parts.log_level is not None:
            levels = dict.fromkeys(levels, self._parts.log_level)
        values = self.secret_values
        await self._parts.supervisor.use_credentials(self._parts.credentials(values), values, levels)

    async def _check_credentials(self) -> None:
        while True:
            due = None if self._broker is None else self._broker.seconds_until_new_tokens()
            seconds = CREDENTIAL_CHECK_SECONDS if due is None else min(due, CREDENTIAL_CHECK_SECONDS)
            await asyncio.sleep(max(seconds, CREDENTIAL_CHECK_SECONDS_MIN))
            await self._use_credentials()

    def _reject(self, found: Rejected, now: Moment) -> None:
        hint = "mend what is declared; what ran before goes on unchanged"
        for error in found.errors:
            log_engine_line("engine", Line("error", "!", f"an edit was not applied: {error}", hint))
        self._last_reload = ReloadStatus(at=iso_time(now.wall), applied=False, errors=list(found.errors))
