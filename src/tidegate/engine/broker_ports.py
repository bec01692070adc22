"""The ports of the embedded broker: listeners that come and go with the plan, their certificates, methods and rules.

Knows which sockets are open and why others are not. Does not know where the plan comes from, or what clients do.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidegate.auth.authenticator import Authenticator
from tidegate.auth.client_authorities import read_client_authorities
from tidegate.auth.passwords import Users
from tidegate.auth.secret_source import SecretSource
from tidegate.auth.server_tls import manual_certificate, server_context
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.plan import BrokerPlan, ListenerPlan, TlsManual, TokenMethod, X509Method
from tidegate.engine.broker_authority import BrokerAuthority
from tidegate.engine.broker_host import BrokerHost
from tidegate.engine.broker_log import BrokerLog
from tidegate.engine.reachable import Reachable
from tidegate.exceptions import CredentialError, ListenFailed
from tidegate.moment import Moment
from tidegate.net.listener import Listener, ListenerSettings, PeerInfo
from tidegate.net.stream import Stream
from tidegate.telemetry.status import PortStatus

__all__ = ["RETRY_SECONDS", "BrokerPorts", "BrokerPortsParts"]

RETRY_SECONDS = 5.0
"""Between attempts to open what cannot be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPortsParts:
    """What the ports of one broker are made of."""

    host: BrokerHost
    authority: BrokerAuthority
    issuer: TokenIssuer
    users: Users
    log: BrokerLog
    clock: Callable[[], Moment]


@dataclass(slots=True)
class _Open:
    """A listener of the plan: `listener` is None while it cannot be opened."""

    plan: ListenerPlan
    policy: ListenerPolicy
    listener: Listener | None = None
    certificate: tuple[object, ...] = ()
    problem: str | None = None


class BrokerPorts:
    """The listeners of one broker. `refused` counts connections that were not let in, by reason."""

    def __init__(self, parts: BrokerPortsParts, plan: BrokerPlan, source: SecretSource, refused: Counter[str]) -> None:
        self._parts = parts
        self._log = parts.log
        self._host = parts.host
        self._plan = plan
        self._source = source
        self._refused = refused
        self._open: dict[int, _Open] = {}
        self._users_seen = parts.users.version()
        self._untrusted: dict[str, str] = {}
        """What is wrong with config maps of client authorities, by name."""

    @property
    def problems(self) -> list[str]:
        """Return a sentence for each port that is not as it should be."""
        found = [each.problem for each in self._open.values() if each.problem is not None]
        return [*found, *self._untrusted.values()]

    @property
    def listening(self) -> list[int]:
        """Return the ports that are listened on."""
        return [port for port, each in self._open.items() if each.listener is not None]

    def statuses(self) -> list[PortStatus]:
        """Return what the ports show of themselves."""
        return [
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

    def reachable(self) -> list[Reachable]:
        """Return what commands on this machine need to know of the open ports."""
        return [
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

    def policy(self, port: int) -> ListenerPolicy | None:
        """Return what a declared port asks of its clients, None for a port that is not declared."""
        found = self._open.get(port)
        return None if found is None else found.policy

    async def follow(self, plan: BrokerPlan, source: SecretSource) -> None:
        """Close what the plan has no more, give the rest its methods and rules, and open what is new."""
        self._plan, self._source = plan, source
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
            self._use_rules(self._open[port])
        await self.open_all()

    def close(self) -> None:
        """Listen no more."""
        for each in self._open.values():
            if each.listener is not None:
                each.listener.close()

    async def open_all(self) -> None:
        """Open what is not open, give those that are the certificate that is due, and let users go that are gone."""
        self._look_at_users()
        for each in list(self._open.values()):
            try:
                await self._open_one(each)
            except (ListenFailed, CredentialError) as error:
                if each.problem != str(error):
                    hint = f"it is tried again every {RETRY_SECONDS:g} s; flows that do not need the port go on"
                    self._log.failed(f"port {each.plan.port} of the broker is not open", str(error), hint)
                each.problem = str(error)

    def _use_rules(self, each: _Open) -> None:
        """Give a listener's policy the methods and rules of the plan."""
        plan, parts = self._plan, self._parts
        asked = each.plan
        methods = plan.authentications.get(asked.authentication or "")
        each.policy.needs_authentication = asked.authentication is not None
        rules = plan.authorizations.get(asked.authorization or "")
        each.policy.rules = None if asked.authorization is None else AccessRules(rules or ())
        gate = None
        if methods is not None:
            gate = Authenticator(
                methods=methods,
                token_keys=parts.issuer.keys(),
                users=parts.users,
                client_cas=self._client_cas(methods),
            )
        self._host.use_gate(each.policy, gate)
        self._host.rights_changed(each.policy)

    def _client_cas(self, methods: tuple[object, ...]) -> Mapping[str, str]:
        """Return the authorities of client certificates, PEM by config map; say once which cannot be used."""
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

    def _look_at_users(self) -> None:
        version = self._parts.users.version()
        if version != self._users_seen:
            self._users_seen = version
            for each in self._open.values():
                self._host.judge_again(each.policy)

    async def _open_one(self, each: _Open) -> None:
        chosen = self._certificate(each.plan)
        if each.listener is not None and each.certificate == chosen:
            return
        context = await asyncio.to_thread(_context, chosen) if chosen else None
        if each.listener is not None:
            await each.listener.use_tls(context)
        else:
            host, policy = self._host, each.policy

            def accept(stream: Stream, info: PeerInfo) -> None:
                host.accept(policy, stream, info.address, info.certificates_der)

            limits = self._plan.limits
            settings = ListenerSettings(
                addresses=each.plan.addresses,
                port=each.plan.port,
                protocol=each.plan.protocol,
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
        methods = self._plan.authentications.get(plan.authentication or "", ())
        bundles = [bundle for bundle in self._client_cas(methods).values() if bundle]
        client_ca = "\n".join(bundles) or None
        if isinstance(plan.tls, TlsManual):
            chain, key = manual_certificate(plan.tls.secret, self._source)
            return (f"secret {plan.tls.secret}", chain, key, client_ca)
        chain, key = self._parts.authority.server_certificate(plan.tls.names, self._parts.clock().wall)
        return ("the local authority", chain, key, client_ca)

    def _audience(self, plan: ListenerPlan) -> str | None:
        methods = self._plan.authentications.get(plan.authentication or "", ())
        return next((method.audiences[0] for method in methods if isinstance(method, TokenMethod)), None)


def _context(chosen: tuple[object, ...]) -> ssl.SSLContext:
    reference, chain, key, client_ca = chosen
    assert isinstance(chain, bytes) and isinstance(key, bytes)
    return server_context(str(reference), chain, key, client_ca if isinstance(client_ca, str) else None)


def _socket_of(plan: ListenerPlan) -> tuple[object, ...]:
    return (plan.addresses, plan.port, plan.protocol, plan.tls is None)
