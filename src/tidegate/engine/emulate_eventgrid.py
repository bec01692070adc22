"""`tidegate emulate eventgrid`: the broker core under the rules of an Event Grid namespace (facts 5.7).

Knows those rules: methods, roles on topic spaces, limits, what is not offered. A stand-in for tests, not Azure. The facts
have the rate of messages, and not what follows from more: here it is 0x97 for what comes in, and what goes out waits. Left
out: that a queue that overflows ends its session; here its publisher is refused with 0x97 instead.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import NameOID

from tidegate.auth.access_token import verify_access_token
from tidegate.auth.authority import Authority
from tidegate.auth.certificates import validity_problem
from tidegate.auth.private_files import make_private_folder
from tidegate.auth.server_tls import server_context
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.auth.token_verifier import TokenRefused
from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.events import BrokerEvent
from tidegate.broker.features import BrokerFeatures
from tidegate.broker.identity import Accepted, Basis, Identity, Presented, Refused, Verdict
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule
from tidegate.engine.broker_host import BrokerHost, BrokerParts
from tidegate.engine.paced_stream import PacedStream
from tidegate.moment import Moment
from tidegate.net.listener import Listener, ListenerSettings, PeerInfo
from tidegate.net.stream import Stream
from tidegate.net.tasks import Tasks

__all__ = ["AUDIENCE", "METHOD", "EmulatedEventGrid", "EventGridGate", "EventGridSettings", "Role"]

METHOD = "OAUTH2-JWT"
AUDIENCE = "https://eventgrid.azure.net"
NOT_AUTHORIZED = 0x87
BAD_AUTHENTICATION_METHOD = 0x8C

STOP_SECONDS_MAX = 2.0

Role = Literal["publisher", "subscriber"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGridSettings:
    """What the namespace is like.

    `topic_spaces`: topic filters of its one topic space. `roles`: who may publish and subscribe there, a managed identity
    by its client id and a client by its authentication name; empty for everybody. `client_ca_pem`: authorities of client
    certificates, None for no such clients. `clients`: authentication names that are registered, empty for any. `port` and
    `websocket_port`: 0 lets the system choose. `messages_per_second_max` is of each session in each direction, None for any
    number.
    """

    tenant_id: str
    topic_spaces: tuple[str, ...] = ("#",)
    roles: tuple[tuple[Role, str], ...] = ()
    client_ca_pem: str | None = None
    clients: frozenset[str] = frozenset()
    sessions_per_client_max: int = 3
    session_expiry_seconds_max: int = 3600
    retain: bool = False
    messages_per_second_max: float | None = 100.0
    host: str = "127.0.0.1"
    port: int = 0
    websocket_port: int = 0

    def limits(self) -> BrokerLimits:
        """Return the limits of the broker core."""
        return BrokerLimits(
            packet_bytes_max=512 * 1024,
            keep_alive_seconds_max=1160,
            topic_alias_maximum=10,
            session_expiry_seconds_max=self.session_expiry_seconds_max,
            queued_messages_max=100,
            queued_bytes_max=1024 * 1024,
            topic_levels_max=8,
            topic_bytes_max=256,
            client_id_bytes_max=128,
            durable_sessions="none",
            features=BrokerFeatures(
                maximum_qos=1,
                retain=self.retain,
                shared_subscriptions=False,
                subscription_identifiers=False,
                version_3=False,
                user_properties_outside_publish=False,
                hands_over_sessions=False,
                sessions_per_subject_max=self.sessions_per_client_max,
                state_store=False,
                messages_per_second_max=self.messages_per_second_max,
            ),
        )

    def rules(self) -> AccessRules:
        """Return who may do what."""
        if not self.roles:
            everybody = AccessRule(
                attributes=(_EVERYBODY,),
                may_connect=True,
                publish=self.topic_spaces,
                subscribe=self.topic_spaces,
            )
            return AccessRules((everybody,))
        connects = AccessRule(attributes=(_EVERYBODY,), may_connect=True)
        by_role = [
            AccessRule(
                subjects=frozenset(name for each, name in self.roles if each == role),
                publish=self.topic_spaces if role == "publisher" else (),
                subscribe=self.topic_spaces if role == "subscriber" else (),
            )
            for role in ("publisher", "subscriber")
        ]
        return AccessRules((connects, *by_role))


_EVERYBODY = (("kind", "client"),)
"""The attribute that every client has, by which rules name all of them."""


@dataclass(frozen=True, slots=True)
class EventGridGate:
    """Checks who a client is: by an access token, or by a certificate whose subject's common name is its name."""

    settings: EventGridSettings
    keys: Mapping[str, EllipticCurvePublicKey]

    def is_slow(self, presented: Presented) -> bool:
        """Tell that nothing here takes long."""
        return False

    def check(self, presented: Presented, now_wall: float) -> Verdict:
        """Judge what a client presented."""
        if presented.method is not None and presented.method != METHOD:
            return Refused(BAD_AUTHENTICATION_METHOD, f"Event Grid has no method {presented.method!r}")
        if presented.method is not None:
            verdict = self._check_token(presented, now_wall)
        elif presented.certificates_der:
            verdict = self._check_certificate(presented, presented.certificates_der[0], now_wall)
        else:
            verdict = Refused(NOT_AUTHORIZED, "it presented neither a token nor a certificate")
        before = presented.subject_before
        if isinstance(verdict, Accepted) and before is not None and verdict.identity.subject != before:
            return Refused(NOT_AUTHORIZED, "it authenticated again as somebody else")
        return verdict

    def judge_again(self, basis: Basis | None, presented: Presented, now_wall: float) -> Verdict | None:
        """Tell that nothing of a namespace changes while it runs."""
        return None

    def _check_token(self, presented: Presented, now_wall: float) -> Verdict:
        if not presented.data:
            return Refused(NOT_AUTHORIZED, "there is no token")
        audiences = [AUDIENCE, f"{AUDIENCE}/"]
        try:
            claims = verify_access_token(presented.data, self.keys, audiences, self.settings.tenant_id, now_wall)
        except TokenRefused as error:
            return Refused(NOT_AUTHORIZED, str(error))
        return Accepted(Identity(presented.client_id, claims.subject, _EVERYBODY), claims.expires_wall)

    def _check_certificate(self, presented: Presented, der: bytes, now_wall: float) -> Verdict:
        certificate = x509.load_der_x509_certificate(der)
        problem = validity_problem(certificate, Moment(0.0, now_wall))
        if problem is not None:
            return Refused(NOT_AUTHORIZED, f"its certificate {problem}")
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        name = str(names[0].value) if names else ""
        if presented.username and presented.username != name:
            return Refused(NOT_AUTHORIZED, "its user name is not its certificate's common name")
        if not name or (self.settings.clients and name not in self.settings.clients):
            return Refused(NOT_AUTHORIZED, "no client is registered with its certificate's common name")
        return Accepted(Identity(presented.client_id, name, _EVERYBODY), certificate.not_valid_after_utc.timestamp())


class EmulatedEventGrid:
    """A namespace, whose keys are those of `tidegate emulate identity` with the same directory."""

    def __init__(
        self,
        directory: Path,
        settings: EventGridSettings,
        *,
        clock: Callable[[], Moment],
        tasks: Tasks,
        report: Callable[[BrokerEvent], None],
    ) -> None:
        make_private_folder(directory)
        self._settings = settings
        self._authority = Authority.open(directory, clock().wall)
        self._keys = TokenIssuer.open(directory).keys()
        self._clock = clock
        parts = BrokerParts(
            clock=clock,
            new_id=lambda: str(uuid4()),
            tasks=tasks,
            journal=None,
            report=report,
            report_store=lambda error: None,
        )
        self._host = BrokerHost(settings.limits(), parts)
        self._policy = ListenerPolicy(needs_authentication=True, rules=settings.rules())
        self._host.use_gate(self._policy, EventGridGate(settings, self._keys))
        self._listeners: list[Listener] = []

    @property
    def ports(self) -> tuple[int, int]:
        """Return the ports of MQTT and of MQTT over WebSockets."""
        mqtt, websockets = self._listeners
        return mqtt.port, websockets.port

    async def start(self) -> None:
        """Begin to listen. Raises `ListenFailed`."""
        settings = self._settings
        certificate = self._authority.server_certificate([settings.host, "localhost"], self._clock().wall)
        client_ca = settings.client_ca_pem
        context = await asyncio.to_thread(
            server_context, "the stand-in", certificate.chain_pem, certificate.key_pem, client_ca
        )
        kinds: tuple[tuple[Literal["Mqtt", "WebSockets"], int], ...] = (
            ("Mqtt", settings.port),
            ("WebSockets", settings.websocket_port),
        )
        for protocol, port in kinds:
            listener = Listener(
                ListenerSettings(addresses=(settings.host,), port=port, protocol=protocol), self._accept
            )
            await listener.listen(context)
            self._listeners.append(listener)

    async def stop(self) -> None:
        """Listen no more, and say goodbye to clients."""
        for listener in self._listeners:
            listener.close()
        await self._host.stop(STOP_SECONDS_MAX)

    def _accept(self, stream: Stream, info: PeerInfo) -> None:
        rate = self._settings.messages_per_second_max
        paced = stream if rate is None else PacedStream(stream, rate)
        self._host.accept(self._policy, paced, info.address, info.certificates_der)
