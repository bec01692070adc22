"""The embedded broker of this process: its authority, tokens, store, ports, and the host that runs it.

Knows what belongs to a broker in a data directory and in which order it comes up. Does not know messages, listeners
(`broker_ports`), or how resources became the plan.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from tidegate.auth.authority import CA_FILE_NAME, Authority
from tidegate.auth.passwords import Users
from tidegate.auth.secret_source import SecretSource
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.broker.plan import BrokerPlan
from tidegate.engine.broker_authority import BrokerAuthority
from tidegate.engine.broker_host import BrokerHost, BrokerParts
from tidegate.engine.broker_log import BrokerLog
from tidegate.engine.broker_ports import RETRY_SECONDS, BrokerPorts, BrokerPortsParts
from tidegate.engine.broker_status import broker_status
from tidegate.engine.own_tokens import OwnTokens
from tidegate.engine.reachable import forget_reachable, write_reachable
from tidegate.engine.worker_channel import SecretValues
from tidegate.exceptions import ConnectFailed, CredentialError
from tidegate.flow.plan import EndpointPlan
from tidegate.moment import Moment
from tidegate.net.stream import Stream, memory_pair
from tidegate.net.tasks import Tasks
from tidegate.store.broker_store import BrokerStore
from tidegate.store.journal_writer import JournalWriter
from tidegate.telemetry.status import BrokerStatus

__all__ = ["CA_CONFIG_MAP", "STORE_NAME", "EmbeddedBroker"]

CA_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"
STORE_NAME = "broker.db"

STOP_SECONDS_MAX = 2.0
MEMORY_ADDRESS = "memory"


class EmbeddedBroker:
    """The broker of one data directory. `apply` starts it when a plan first asks for it.

    `token_seconds` is the life of the tokens for our own flows.
    """

    def __init__(
        self, directory: Path, *, clock: Callable[[], Moment], tasks: Tasks, token_seconds: float = 86_400.0
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._tasks = tasks
        self._token_seconds = token_seconds
        self._log = BrokerLog(clock)
        self._host: BrokerHost | None = None
        self._writer: JournalWriter | None = None
        self._authority: BrokerAuthority | None = None
        self._tokens: OwnTokens | None = None
        self._ports: BrokerPorts | None = None
        self._plan: BrokerPlan | None = None
        self._refused: Counter[str] = Counter()
        """Connections that listeners, also those of before, did not let in, by reason."""
        self._problem: str | None = None
        self._unwritten: str | None = None

    @property
    def problems(self) -> list[str]:
        """Return a sentence for all that keeps the broker, or a part of it, from running."""
        found = [self._problem, None if self._authority is None else self._authority.problem]
        ports = [] if self._ports is None else self._ports.problems
        return [*(each for each in found if each is not None), *ports, *self._log.problems]

    @property
    def host(self) -> BrokerHost | None:
        """Return what runs, None where no broker was ever asked for."""
        return self._host

    @property
    def ports(self) -> list[int]:
        """Return the ports that are listened on."""
        return [] if self._ports is None else self._ports.listening

    def status(self) -> BrokerStatus | None:
        """Return what the broker shows of itself, None where none runs."""
        if self._host is None or self._ports is None:
            return None
        return broker_status(self._host.core, self._ports.statuses(), self._refused)

    async def apply(self, plan: BrokerPlan | None, source: SecretSource) -> None:
        """Make `plan` what runs, with secrets and config maps from `source`; a broker that runs is kept running."""
        if plan is None:
            return
        if self._ports is None:
            try:
                self._ports = await self._start(plan, source)
            except CredentialError as error:
                self._problem = f"the broker cannot start: {error}"
                self._log.failed("the broker cannot start", str(error), error.hint)
                return
            self._problem = None
            self._tasks.start(self._keep_open(), "broker listeners")
        elif self._plan is not None and plan.limits != self._plan.limits:
            self._log.failed("the broker's limits have changed", "they count from the next start on", None)
        self._plan = plan
        await self._ports.follow(plan, source)
        self._write_down(self._ports)

    def secret_values(self, values: SecretValues) -> SecretValues:
        """Add the authority's bundle, and tokens for our own flows, to what was declared."""
        if self._authority is None or self._tokens is None or self._plan is None:
            return values
        config_maps = {CA_CONFIG_MAP: {CA_FILE_NAME: self._authority.bundle_pem()}, **values.config_maps}
        audiences = {
            audience
            for methods in self._plan.authentications.values()
            for method in methods
            for audience in getattr(method, "audiences", ())
        }
        tokens = {each: self._tokens.token(each) for each in sorted(audiences)}
        return replace(values, config_maps=config_maps, tokens=tokens)

    def seconds_until_new_tokens(self) -> float | None:
        """Return how long until `secret_values` has another token for our own flows, None while there are none."""
        return None if self._tokens is None else self._tokens.seconds_until_new()

    def connect(self, endpoint: EndpointPlan) -> Stream:
        """Return the client's end of an in-memory link that stands for the listener on the endpoint's port.

        Raises:
            ConnectFailed: the broker does not run, or has no such port.
        """
        policy = None if self._ports is None else self._ports.policy(endpoint.port)
        if self._host is None or policy is None:
            hint = (
                "declare a BrokerListener with that port" if self._host is not None else "see the broker's own errors"
            )
            raise ConnectFailed(endpoint.host, endpoint.port, "connect", "the embedded broker has no such port", hint)
        ours, theirs = memory_pair(asyncio.get_running_loop())
        self._host.accept(policy, theirs, MEMORY_ADDRESS, ())
        return ours

    async def look_again(self) -> None:
        """Renew what ends, and try again to open what is not open."""
        if self._authority is None or self._ports is None:
            return
        await self._authority.renew(self._clock().wall)
        await self._ports.open_all()
        self._write_down(self._ports)

    def _write_down(self, ports: BrokerPorts) -> None:
        """Tell commands which ports are open; where that cannot be written they find others, and messages flow on."""
        try:
            write_reachable(self._directory, ports.reachable())
        except CredentialError as error:
            if str(error) != self._unwritten:
                self._log.failed("commands do not learn which ports are open", str(error), error.hint)
            self._unwritten = str(error)
        else:
            self._unwritten = None

    async def stop(self) -> None:
        """Close the listeners, say goodbye to clients, and commit what is pending."""
        if self._ports is not None:
            self._ports.close()
        if self._host is not None:
            await self._host.stop(STOP_SECONDS_MAX)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        forget_reachable(self._directory)

    async def _start(self, plan: BrokerPlan, source: SecretSource) -> BrokerPorts:
        now = self._clock()
        authority = await asyncio.to_thread(Authority.open, self._directory, now.wall)
        issuer = await asyncio.to_thread(TokenIssuer.open, self._directory)
        store, state, set_aside = await asyncio.to_thread(
            BrokerStore.open,
            self._directory / STORE_NAME,
            now_wall=now.wall,
            queue_head=plan.limits.queued_in_memory_max,
        )
        if set_aside is not None:
            self._log.failed(
                f"the broker's store {set_aside.path} was set aside as {set_aside.set_aside}: {set_aside.reason}",
                "sessions, queued and retained messages of before are not here; a new store was begun",
                "keep the file: what is in it may be mended",
            )
        self._writer = JournalWriter(store, asyncio.get_running_loop())
        parts = BrokerParts(
            clock=self._clock,
            new_id=lambda: f"auto-{uuid4()}",
            tasks=self._tasks,
            journal=self._writer,
            report=self._log.event,
            report_store=self._log.store,
        )
        self._host = BrokerHost(plan.limits, parts, state)
        self._authority = BrokerAuthority(authority, self._directory, self._log)
        self._tokens = OwnTokens(issuer, self._token_seconds, self._clock)
        ports = BrokerPortsParts(
            host=self._host,
            authority=self._authority,
            issuer=issuer,
            users=Users(self._directory),
            log=self._log,
            clock=self._clock,
        )
        return BrokerPorts(ports, plan, source, self._refused)

    async def _keep_open(self) -> None:
        """Try again what cannot be opened, and make certificates anew before they end."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            await self.look_again()
