"""The emulated Event Grid namespace: who is let in and what is refused."""

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import mqtt5
import pytest
from tests.certificates import EXPIRED, ca
from tests.tokens import WALL

from tidegate.auth.access_token import AccessTokenRequest, issue_access_token
from tidegate.auth.token_issuer import TokenIssuer
from tidegate.broker.events import BrokerEvent, ClientRefused
from tidegate.broker.identity import Accepted, Identity, Presented, Refused, Verdict
from tidegate.engine.emulate_eventgrid import AUDIENCE, METHOD, EmulatedEventGrid, EventGridGate, EventGridSettings
from tidegate.moment import Moment
from tidegate.net.tasks import Tasks

TENANT = "tenant-1"
SETTINGS = EventGridSettings(tenant_id=TENANT)


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer.open(tmp_path)


def token(issuer: TokenIssuer, *, at: float = WALL, **changes: Any) -> bytes:  # Any: fields of the request
    request = AccessTokenRequest(
        address="https://here", tenant_id=TENANT, client_id="site-1", audience=AUDIENCE, life_seconds=600
    )
    return issue_access_token(issuer, replace(request, **changes), at).encode()


def check(issuer: TokenIssuer, settings: EventGridSettings = SETTINGS, **presented: object) -> Verdict:
    return EventGridGate(settings, issuer.keys()).check(
        Presented(client_id="bridge", **presented),  # type: ignore[arg-type]  # a test's own keywords
        WALL,
    )


def test_a_token_is_of_the_identity_that_it_names(issuer: TokenIssuer) -> None:
    for audience in (AUDIENCE, f"{AUDIENCE}/"):
        verdict = check(issuer, method=METHOD, data=token(issuer, audience=audience))
        assert isinstance(verdict, Accepted)
        assert verdict.identity.subject == "site-1"
        assert verdict.expires_wall is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"audience": "https://servicebus.azure.net"}, "another audience"),
        ({"tenant_id": "tenant-2"}, "another tenant"),
        ({"life_seconds": -3600}, "expired"),
    ],
)
def test_a_token_that_is_not_for_it(issuer: TokenIssuer, change: dict[str, Any], why: str) -> None:
    verdict = check(issuer, method=METHOD, data=token(issuer, **change))
    assert isinstance(verdict, Refused)
    assert verdict.reason_code == 0x87 and why in verdict.detail


def test_other_ways_to_come(issuer: TokenIssuer) -> None:
    for presented, reason_code in (
        ({"method": "K8S-SAT", "data": token(issuer)}, 0x8C),
        ({"method": METHOD}, 0x87),
        ({"username": "somebody", "password": b"secret"}, 0x87),
        ({"method": METHOD, "data": token(issuer), "subject_before": "site-2"}, 0x87),
    ):
        verdict = check(issuer, **presented)
        assert isinstance(verdict, Refused)
        assert verdict.reason_code == reason_code


def test_a_certificate_is_of_the_client_in_its_common_name(issuer: TokenIssuer) -> None:
    authority = ca()

    def der(pem: bytes) -> bytes:
        return ssl.PEM_cert_to_DER_cert(pem.decode())

    good = der(authority.client("press-1").certificate)
    settings = replace(SETTINGS, clients=frozenset({"press-1"}))
    gate = EventGridGate(settings, issuer.keys())
    now = time.time()

    def verdict(certificate: bytes, username: str | None = None) -> Verdict:
        return gate.check(Presented(client_id="one", certificates_der=(certificate,), username=username), now)

    found = verdict(good)
    assert isinstance(found, Accepted)
    assert found.identity.subject == "press-1"
    assert isinstance(verdict(good, "press-1"), Accepted)
    assert isinstance(verdict(good, "press-2"), Refused)
    assert isinstance(verdict(der(authority.client("press-2").certificate)), Refused)
    assert isinstance(verdict(der(authority.client("press-1", EXPIRED).certificate)), Refused)


def test_roles_and_topic_spaces() -> None:
    settings = replace(SETTINGS, topic_spaces=("plant/#",), roles=(("publisher", "site-1"), ("subscriber", "site-2")))
    everybody = (("kind", "client"),)
    one, two = (settings.rules().for_identity(Identity("c", each, everybody)) for each in ("site-1", "site-2"))
    assert one.may_connect("c") and two.may_connect("c")
    assert (one.may_publish("plant/a"), one.may_subscribe("plant/a")) == (True, False)
    assert (two.may_publish("plant/a"), two.may_subscribe("plant/a")) == (False, True)
    assert not one.may_publish("office/a")
    anybody = SETTINGS.rules().for_identity(Identity("c", "anyone", everybody))
    assert anybody.may_publish("a") and anybody.may_subscribe("#")


@asynccontextmanager
async def running(directory: Path, settings: EventGridSettings, report: Callable[[BrokerEvent], None]):  # type: ignore[no-untyped-def]  # a generator's own type is longer than its body
    def failed(name: str, error: Exception) -> None:
        raise error

    tasks = Tasks(failed)
    emulated = EmulatedEventGrid(
        directory,
        settings,
        clock=lambda: Moment(time.monotonic(), time.time()),
        tasks=tasks,
        report=report,
    )
    await emulated.start()
    try:
        yield emulated
    finally:
        await emulated.stop()
        await tasks.close()


async def talk(directory: Path, port: int, *packets: mqtt5.Packet) -> list[mqtt5.Packet]:
    """Say CONNECT and the rest, and return what is said until the end of the connection or of the list."""
    context = ssl.create_default_context(cafile=directory / "ca.crt")
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    said: list[mqtt5.Packet] = []
    rest = b""
    try:
        for packet in packets:
            writer.write(packet.write())
            while True:
                async with asyncio.timeout(10):
                    data = await reader.read(65536)
                if not data:
                    return said
                rest += data
                try:
                    found, length = mqtt5.read(memoryview(rest))
                except IndexError:
                    continue
                rest = rest[length:]
                said.append(found)
                break
    finally:
        writer.close()
    return said


def test_what_a_namespace_says_and_refuses(tmp_path: Path, issuer: TokenIssuer) -> None:
    asyncio.run(namespace_says_and_refuses(tmp_path, issuer))


async def namespace_says_and_refuses(tmp_path: Path, issuer: TokenIssuer) -> None:
    events: list[BrokerEvent] = []
    good = token(issuer, at=time.time())

    def connect(client_id: str, data: bytes = good, **fields: object) -> mqtt5.ConnectPacket:
        return mqtt5.ConnectPacket(
            client_id,
            authentication_method=METHOD,
            authentication_data=data,
            **fields,  # type: ignore[arg-type]  # the codec's own
        )

    async with running(tmp_path, replace(SETTINGS, sessions_per_client_max=1), events.append) as emulated:
        port, _ = emulated.ports
        (connack,) = await talk(tmp_path, port, connect("one", keep_alive=2000, session_expiry_interval=7200))
        assert isinstance(connack, mqtt5.ConnAckPacket)
        assert int(connack.reason_code) == 0
        assert (connack.server_keep_alive, connack.session_expiry_interval) == (1160, 3600)
        assert (int(connack.max_qos), connack.max_packet_size, connack.topic_alias_max) == (1, 524_288, 10)
        assert not (connack.retain_available or connack.shared_subscription_available)
        renewed = mqtt5.AuthPacket(
            reason_code=mqtt5.AuthReasonCode.RE_AUTHENTICATE,
            authentication_method=METHOD,
            authentication_data=token(issuer, at=time.time()),
        )
        _, auth = await talk(tmp_path, port, connect("one", session_expiry_interval=7200), renewed)
        assert isinstance(auth, mqtt5.AuthPacket)
        stranger = token(issuer, at=time.time(), client_id="site-2")
        for packet, reason_code in (
            (connect("one", stranger), 0x87),
            (connect("two"), 0x97),
            (connect("one", user_properties=[("a", "b")]), 0x83),
            (connect("one", b"nonsense"), 0x87),
        ):
            (refusal,) = await talk(tmp_path, port, packet)
            assert isinstance(refusal, mqtt5.ConnAckPacket)
            assert int(refusal.reason_code) == reason_code, packet
    shown = repr([event for event in events if isinstance(event, ClientRefused)])
    assert "somebody else" in shown
    assert "eyJ" not in shown and "nonsense" not in shown
