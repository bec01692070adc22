"""The embedded broker of this process: its authority, tokens, store, listeners, and the host that runs it.

Knows what belongs to a broker in a data directory and in which order it comes up. Does not know messages, or how resources
became the plan.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from tidegate.auth.authenticator import Authenticator
from tidegate.auth.authority import CA_FILE_NAME, Authority
from tidegate.auth.client_authorities import read_client_authorities
from tidegate.auth.passwords import Users
from tidegate.auth.secret_source import SecretSource
from tidegate.auth.server_tls import manual_certificate, server_context
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.plan import BrokerPlan, ListenerPlan, TlsManual, TokenMethod, X509Method
from tidegate.engine.broker_host import BrokerHost, BrokerParts
from tidegate.engine.broker_log import BrokerLog
from tidegate.engine.broker_status import broker_status
from tidegate.engine.reachable import Reachable, forget_reachable, write_reachable
from tidegate.engine.worker_channel import SecretValues
from tidegate.exceptions import ConnectFailed, CredentialError, ListenFailed
from tidegate.flow.plan import EndpointPlan
from tidegate.moment import Moment
from tidegate.net.listener import Listener, ListenerSettings, PeerInfo
from tidegate.net.stream import Stream, memory_pair
from tidegate.net.tasks import Tasks
from tidegate.store.broker_store import BrokerStore
from tidegate.store.journal_writer import JournalWriter
from tidegate.telemetry.status import BrokerStatus, PortStatus

__all__ = ["CA_CONFIG_MAP", "STORE_NAME", "EmbeddedBroker"]

CA_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"
STORE_NAME = "broker.db"
FLOW_CLIENT = "aio-dataflow"
"""The service account of our own data flows (facts 5.3)."""

TOKEN_RENEWED_AFTER = 2 / 3
"""The part of its life after which a token for our own flows is followed by the next."""

RETRY_SECONDS = 5.0
STOP_SECONDS_MAX = 2.0
MEMORY_ADDRESS = "memory"


@dataclass(slots=True)
class _Open:
    """A listener of the plan: `listener` is None while it cannot be opened."""

    plan: ListenerPlan
    policy: ListenerPolicy
    listener: Listener | None = None
    certificate: tuple[object, ...] = ()
    problem: str | None = None


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
        self._authority: Authority | None = None
        self._issuer: TokenIssuer | None = None
        self._users = Users(directory)
        self._plan: BrokerPlan | None = None
        self._source: SecretSource | None = None
        self._open: dict[int, _Open] = {}
        self._refused: Counter[str] = Counter()
        """Connections that listeners, also those of before, did not let in, by reason."""
        self._tokens: dict[str, tuple[bytes, float]] = {}
        self._certificates: dict[tuple[str, ...], tuple[bytes, bytes, float]] = {}
        self._problem: str | None = None
        self._untrusted: dict[str, str] = {}
        """What is wrong with config maps of client authorities, by name."""

    @property
    def problems(self) -> list[str]:
        """Return a sentence for all that keeps the broker, or a part of it, from running."""
        found = [] if self._problem is None else [self._problem]
        found += [each.problem for each in self._open.values() if each.problem is not None]
        return [*found, *self._untrusted.values(), *self._log.problems]

    @property
    def host(self) -> BrokerHost | None:
        """Return what runs, None where no broker was ever asked for."""
        return self._host

    @property
    def ports(self) -> list[int]:
        """Return the ports that are listened on."""
        return [port for port, each in self._open.items() if each.listener is not None]

    def status(self) -> BrokerStatus | None:
        """Return what the broker shows of itself, None where none runs."""
        if self._host is None:
            return None
        ports = [
            PortStatus(
                port=port,
                listener=each.plan.name,
                protocol=each.plan.protocol,
                tls=each.plan.tls is not None,
                listening=each.listener is not None,
                problem=each.problem,
            )
            for port, each in sorted(self._open.items())
        ]
        return broker_status(self._host.core, ports, self._refused)

    async def apply(self, plan: BrokerPlan | None, source: SecretSource) -> None:
        """Make `plan` what runs, with secrets and config maps from `source`; a broker that runs is kept running."""
        self._source = source
        if plan is None:
            return
        if self._host is None:
            try:
                await self._start(plan)
            except CredentialError as error:
                self._problem = f"the broker cannot start: {error}"
                self._log.failed("the broker cannot start", str(error), error.hint)
                return
            self._tasks.start(self._keep_open(), "broker listeners")
        elif self._plan is not None and plan.limits != self._plan.limits:
            self._log.failed("the broker's limits have changed", "they count from the next start on", None)
        self._plan = plan
        await self._follow_plan(plan)

    def secret_values(self, values: SecretValues) -> SecretValues:
        """Add the authority's bundle, and tokens for our own flows, to what was declared."""
        if self._authority is None or self._issuer is None or self._plan is None:
            return values
        config_maps = {CA_CONFIG_MAP: {CA_FILE_NAME: self._authority.bundle_pem()}, **values.config_maps}
        audiences = {
            audience
            for methods in self._plan.authentications.values()
            for method in methods
            for audience in getattr(method, "audiences", ())
        }
        return replace(values, config_maps=config_maps, tokens={each: self._token(each) for each in sorted(audiences)})

    def seconds_until_new_tokens(self) -> float | None:
        """Return how long until `secret_values` has another token for our own flows, None while there are none."""
        now = self._clock().wall
        ends = [issued + self._token_seconds * TOKEN_RENEWED_AFTER for _, issued in self._tokens.values()]
        return max(0.0, min(ends) - now) if ends else None

    def connect(self, endpoint: EndpointPlan) -> Stream:
        """Return the client's end of an in-memory link that stands for the listener on the endpoint's port.

        Raises:
            ConnectFailed: the broker does not run, or has no such port.
        """
        found = self._open.get(endpoint.port)
        if self._host is None or found is None:
            hint = (
                "declare a BrokerListener with that port" if self._host is not None else "see the broker's own errors"
            )
            raise ConnectFailed(endpoint.host, endpoint.port, "connect", "the embedded broker has no such port", hint)
        ours, theirs = memory_pair(asyncio.get_running_loop())
        self._host.accept(found.policy, theirs, MEMORY_ADDRESS, None)
        return ours

    async def stop(self) -> None:
        """Close the listeners, say goodbye to clients, and commit what is pending."""
        for each in self._open.values():
            if each.listener is not None:
                each.listener.close()
        if self._host is not None:
            await self._host.stop(STOP_SECONDS_MAX)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        forget_reachable(self._directory)

    async def _start(self, plan: BrokerPlan) -> None:
        now = self._clock()
        self._authority = await asyncio.to_thread(Authority.open, self._directory, now.wall)
        self._issuer = await asyncio.to_thread(TokenIssuer.open, self._directory)
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
        self._problem = None

    async def _follow_plan(self, plan: BrokerPlan) -> None:
        wanted = {each.port: each for each in plan.listeners}
        self._untrusted.clear()
        for port, current in list(self._open.items()):
            asked = wanted.get(port)
            if asked is None or _socket_of(asked) != _socket_of(current.plan):
                if current.listener is not None:
                    current.listener.close()
                del self._open[port]
        for port, asked in wanted.items():
            current_or_none = self._open.get(port)
            if current_or_none is None:
                self._open[port] = _Open(asked, ListenerPolicy())
            else:
                current_or_none.plan = asked
            self._use_rules(self._open[port], plan)
        await self._open_all()

    def _use_rules(self, each: _Open, plan: BrokerPlan) -> None:
        """Give a listener's policy the methods and rules of the plan."""
        assert self._host is not None and self._issuer is not None
        asked = each.plan
        methods = plan.authentications.get(asked.authentication or "")
        each.policy.needs_authentication = asked.authentication is not None
        rules = plan.authorizations.get(asked.authorization or "")
        each.policy.rules = None if asked.authorization is None else AccessRules(rules or ())
        gate = None
        if methods is not None:
            gate = Authenticator(
                methods=methods,
                token_keys=self._issuer.keys(),
                users=self._users,
                client_cas=self._client_cas(methods),
            )
        self._host.use_gate(each.policy, gate)
        self._host.rights_changed(each.policy)

    def _client_cas(self, methods: tuple[object, ...]) -> Mapping[str, str]:
        """Return the authorities of client certificates, PEM by config map; say once which cannot be used."""
        assert self._source is not None
        names = [method.trusted_client_ca_config_map for method in methods if isinstance(method, X509Method)]
        found, problems = read_client_authorities(names, self._source)
        for name in names:
            error = problems.get(name)
            if error is None:
                self._untrusted.pop(name, None)
            elif self._untrusted.get(name) != (text := f"clients with a certificate are not let in: {error}"):
                self._untrusted[name] = text
                self._log.failed("clients with a certificate are not let in", str(error), error.hint)
        return found

    async def _keep_open(self) -> None:
        """Try again what cannot be opened, and make certificates anew before they end."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            await self._open_all()

    async def _renew_authority(self) -> None:
        """Renew the authority of a broker that has run for years; clients trust the old one and the new until it ends."""
        assert self._authority is not None
        now = self._clock().wall
        if not self._authority.is_ending(now):
            return
        try:
            self._authority = await asyncio.to_thread(Authority.open, self._directory, now)
        except CredentialError as error:
            problem = f"the certificate authority cannot be renewed: {error}"
            if problem != self._problem:
                self._log.failed("the certificate authority cannot be renewed", str(error), error.hint)
            self._problem = problem
            return
        self._problem = None
        self._certificates.clear()
        self._log.renewed()

    async def _open_all(self) -> None:
        await self._renew_authority()
        for each in list(self._open.values()):
            try:
                await self._open_one(each)
            except (ListenFailed, CredentialError) as error:
                if each.problem != str(error):
                    hint = f"it is tried again every {RETRY_SECONDS:g} s; flows that do not need the port go on"
                    self._log.failed(f"port {each.plan.port} of the broker is not open", str(error), hint)
                each.problem = str(error)
        self._write_reachable()

    async def _open_one(self, each: _Open) -> None:
        assert self._host is not None
        chosen = self._certificate(each.plan)
        if each.listener is not None and each.certificate == chosen:
            return
        context = await asyncio.to_thread(self._context, each.plan, chosen) if chosen else None
        if each.listener is not None:
            await each.listener.use_tls(context)
        else:
            host, policy = self._host, each.policy

            def accept(stream: Stream, info: PeerInfo) -> None:
                host.accept(policy, stream, info.address, info.certificate_der)

            limits = self._plan.limits if self._plan is not None else None
            settings = ListenerSettings(addresses=each.plan.addresses, port=each.plan.port, protocol=each.plan.protocol)
            if limits is not None:
                settings = replace(
                    settings,
                    connections_max=limits.connections_max,
                    connections_per_address_max=limits.connections_per_address_max,
                    ready_seconds_max=limits.connect_timeout_seconds,
                )
            listener = Listener(settings, accept, self._refused)
            await listener.listen(context)
            each.listener = listener
            self._log.listening(each.plan)
        each.certificate, each.problem = chosen, None

    def _certificate(self, plan: ListenerPlan) -> tuple[object, ...]:
        """Return what a listener's context is made of, empty without TLS. Raises `CredentialError`."""
        if plan.tls is None:
            return ()
        assert self._authority is not None and self._source is not None and self._plan is not None
        methods = self._plan.authentications.get(plan.authentication or "", ())
        bundles = [bundle for bundle in self._client_cas(methods).values() if bundle]
        client_ca = "\n".join(bundles) or None
        if isinstance(plan.tls, TlsManual):
            chain, key = manual_certificate(plan.tls.secret, self._source)
            return (f"secret {plan.tls.secret}", chain, key, client_ca)
        now = self._clock().wall
        names = plan.tls.names
        made = self._certificates.get(names)
        if made is None or made[2] <= now:
            certificate = self._authority.server_certificate(names, now)
            made = self._certificates[names] = (
                certificate.chain_pem,
                certificate.key_pem,
                certificate.renew_at_wall,
            )
        return ("the local authority", made[0], made[1], client_ca)

    def _context(self, plan: ListenerPlan, chosen: tuple[object, ...]) -> ssl.SSLContext:
        reference, chain, key, client_ca = chosen
        assert isinstance(chain, bytes) and isinstance(key, bytes)
        return server_context(str(reference), chain, key, client_ca if isinstance(client_ca, str) else None)

    def _token(self, audience: str) -> bytes:
        """Return a token for our own flows, which is issued anew when two thirds of its life are over."""
        assert self._issuer is not None
        now = self._clock().wall
        token, issued = self._tokens.get(audience, (b"", 0.0))
        if not token or now - issued >= self._token_seconds * TOKEN_RENEWED_AFTER:
            token = self._issuer.issue(audience, FLOW_CLIENT, self._token_seconds, now).encode()
            self._tokens[audience] = (token, now)
        return token

    def _write_reachable(self) -> None:
        """Tell commands on this machine where the broker is."""
        ports = [
            Reachable(
                port=port,
                protocol=each.plan.protocol,
                tls=each.plan.tls is not None,
                authentication=each.policy.needs_authentication,
                audience=self._audience(each.plan),
            )
            for port, each in self._open.items()
            if each.listener is not None
        ]
        write_reachable(self._directory, ports)

    def _audience(self, plan: ListenerPlan) -> str | None:
        assert self._plan is not None
        methods = self._plan.authentications.get(plan.authentication or "", ())
        return next((method.audiences[0] for method in methods if isinstance(method, TokenMethod)), None)


def _socket_of(plan: ListenerPlan) -> tuple[object, ...]:
    return (plan.addresses, plan.port, plan.protocol, plan.tls is None)
