"""Certificates and credentials of the embedded broker's listeners, on real sockets, while it runs."""

import asyncio
import ssl
from pathlib import Path

import mqtt5
import pytest
from mqtt5 import ConnectPacket, PingReqPacket
from tests.certificates import Issued, ca
from tests.engine.test_embedded_broker import Client, free_port, run

from tidegate.auth import passwords
from tidegate.auth.passwords import Users
from tidegate.auth.secret_source import DeclaredSource
from tidegate.broker.plan import (
    AccessRule,
    BrokerPlan,
    ListenerPlan,
    PasswordMethod,
    TlsManual,
    X509Attributes,
    X509Method,
)
from tidegate.engine.embedded_broker import EmbeddedBroker

SITE = ca("Site CA")
CLIENTS = ca("Clients CA")
X509 = X509Method("client-ca", (X509Attributes("press", "CN=press-1", (("line", "one"),)),))
BY_LINE = ((("line", "one"),), (("line", "two"),))
MAY = AccessRule(attributes=BY_LINE, may_connect=True, publish=("line/{principal.attributes.line}",))


def source(server: Issued, client_ca: bytes | str = CLIENTS.certificate) -> DeclaredSource:
    text = client_ca.decode() if isinstance(client_ca, bytes) else client_ca
    secret = {"tls.crt": server.certificate, "tls.key": server.key}
    return DeclaredSource({"site": secret}, {"client-ca": {"ca.crt": text}})


def manual(port: int, *methods: X509Method | PasswordMethod) -> BrokerPlan:
    listener = ListenerPlan(
        name="site",
        addresses=("127.0.0.1",),
        port=port,
        tls=TlsManual("site"),
        authentication="ours" if methods else None,
        authorization="rules" if X509 in methods else None,
    )
    return BrokerPlan(listeners=(listener,), authentications={"ours": methods}, authorizations={"rules": (MAY,)})


async def connect(port: int, tmp_path: Path, identity: Issued | None = None) -> tuple[Client, bytes]:
    context = ssl.create_default_context(cadata=SITE.certificate.decode())
    if identity is not None:
        file = tmp_path / "identity.pem"
        file.write_bytes(identity.certificate + identity.key)
        context.load_cert_chain(file)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="gateway")
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return Client(reader, writer), shown


async def connack(client: Client, name: str, **fields: object) -> int:
    answer = await client.say(ConnectPacket(name, **fields))  # type: ignore[arg-type]
    assert isinstance(answer, mqtt5.ConnAckPacket)
    return int(answer.reason_code)


def test_failure_23_a_manual_certificate_is_rotated_and_no_connection_dropped(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port = free_port()
        first, second = SITE.server("gateway"), SITE.server("gateway")
        await broker.apply(manual(port), source(first))
        client, shown = await connect(port, tmp_path)
        assert shown == ssl.PEM_cert_to_DER_cert(first.certificate.decode())
        assert await connack(client, "stays") == 0
        half_written = Issued(second.certificate, first.key)
        await broker.apply(manual(port), source(half_written))
        assert len(broker.problems) == 1 and "secret site" in broker.problems[0]
        assert broker.ports == [port], "the certificate of before goes on"
        await broker.apply(manual(port), source(second))
        assert not broker.problems
        other, shown = await connect(port, tmp_path)
        assert shown == ssl.PEM_cert_to_DER_cert(second.certificate.decode())
        assert isinstance(await client.say(PingReqPacket()), mqtt5.PingRespPacket)
        await client.close()
        await other.close()

    run(tmp_path, scenario)


def test_a_client_with_a_certificate_has_the_rights_of_its_attributes(tmp_path: Path) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port = free_port()
        await broker.apply(manual(port, X509), source(SITE.server("gateway")))
        press, _ = await connect(port, tmp_path, CLIENTS.client("press-1"))
        assert await connack(press, "press") == 0
        for topic, code in (("line/one", 0x10), ("line/two", 0x87)):
            answer = await press.say(mqtt5.PublishPacket(topic, b"x", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1))
            assert isinstance(answer, mqtt5.PubAckPacket) and int(answer.reason_code) == code
        await press.close()
        oven, _ = await connect(port, tmp_path, CLIENTS.client("oven-1"))
        assert await connack(oven, "oven") == 0x87, "it has no attribute, and so no right"
        await oven.close()
        nobody, _ = await connect(port, tmp_path)
        assert await connack(nobody, "nobody") == 0x87
        await nobody.close()
        stranger, _ = await connect(port, tmp_path, SITE.client("press-1"))
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            await connack(stranger, "stranger")
        await stranger.close()

    run(tmp_path, scenario)


def test_two_methods_for_certificates_on_one_listener_and_clients_with_intermediates(tmp_path: Path) -> None:
    other = ca("Other clients CA")
    second = X509Method("other-ca", (X509Attributes("all", "CN=press-1", (("line", "two"),)),))
    between = other.intermediate("Other intermediate CA")
    sent_along = between.client("press-1")
    people = (
        ("first", CLIENTS.client("press-1"), "line/one"),
        ("second", other.client("press-1"), "line/two"),
        ("third", Issued(sent_along.certificate + between.certificate, sent_along.key), "line/two"),
    )

    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port = free_port()
        bundles = {"client-ca": {"ca.crt": CLIENTS.certificate.decode()}, "other-ca": {"x": other.certificate.decode()}}
        site = SITE.server("gateway")
        secret = {"tls.crt": site.certificate, "tls.key": site.key}
        await broker.apply(manual(port, X509, second), DeclaredSource({"site": secret}, bundles))
        for name, identity, topic in people:
            client, _ = await connect(port, tmp_path, identity)
            assert await connack(client, name) == 0
            for tried in ("line/one", "line/two"):
                answer = await client.say(mqtt5.PublishPacket(tried, b"x", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1))
                assert isinstance(answer, mqtt5.PubAckPacket)
                assert int(answer.reason_code) == (0x10 if tried == topic else 0x87), (name, tried)
            await client.close()

    run(tmp_path, scenario)


def test_authorities_of_clients_come_and_go_and_what_cannot_be_used_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port, server = free_port(), SITE.server("gateway")
        await broker.apply(manual(port, X509), source(server, "no certificate"))
        assert broker.ports == [port] and len(broker.problems) == 1
        await broker.look_again()
        await broker.look_again()
        said = [each for each in caplog.messages if "client-ca" in each]
        assert len(said) == 1, said
        nobody, _ = await connect(port, tmp_path, CLIENTS.client("press-1"))
        assert await connack(nobody, "press") == 0x87
        await nobody.close()
        await broker.apply(manual(port, X509), source(server))
        assert not broker.problems
        press, _ = await connect(port, tmp_path, CLIENTS.client("press-1"))
        assert await connack(press, "press") == 0
        await press.close()
        for methods, problems in (((X509,), 1), ((), 0)):
            await broker.apply(manual(port, *methods), source(server, "no certificate"))
            assert len(broker.problems) == problems, "nothing refers to it in the end"

    run(tmp_path, scenario)


def test_users_are_added_given_another_password_and_deleted_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_N", 16)

    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port = free_port()
        await broker.apply(manual(port, PasswordMethod()), source(SITE.server("gateway")))
        users = Users(tmp_path)

        async def try_with(password: str) -> int:
            client, _ = await connect(port, tmp_path)
            code = await connack(client, "oven", username="oven", password=password.encode())
            await client.close()
            return code

        assert await try_with("password-1") == 0x86
        users.set("oven", b"password-1")
        assert await try_with("password-1") == 0
        users.set("oven", b"password-2")
        assert await try_with("password-1") == 0x86
        assert await try_with("password-2") == 0
        users.delete("oven")
        assert await try_with("password-2") == 0x86

    run(tmp_path, scenario)


def test_promise_09_connections_end_with_their_user_and_with_their_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_N", 16)

    async def scenario(broker: EmbeddedBroker, secure: int, plain: int) -> None:
        port, server = free_port(), SITE.server("gateway")
        users = Users(tmp_path)
        # A method for certificates without attributes has no rules here.
        certificates = X509Method("client-ca")
        await broker.apply(manual(port, certificates, PasswordMethod()), source(server))

        async def log_in(name: str) -> Client:
            client, _ = await connect(port, tmp_path)
            assert await connack(client, name, username=name, password=b"password-1") == 0
            return client

        async def is_let_go(client: Client) -> bool:
            goodbye = await client.next()
            assert isinstance(goodbye, mqtt5.DisconnectPacket) and int(goodbye.reason_code) == 0x87
            assert not await client.reader.read(1)
            await client.close()
            return True

        for name in ("oven", "press", "saw"):
            users.set(name, b"password-1")
        oven, press, saw = [await log_in(name) for name in ("oven", "press", "saw")]
        owner, _ = await connect(port, tmp_path, CLIENTS.client("press-1"))
        assert await connack(owner, "owner") == 0
        users.delete("oven")
        users.set("press", b"password-2")
        await broker.look_again()
        assert await is_let_go(oven) and await is_let_go(press)
        for client in saw, owner:
            assert isinstance(await client.say(PingReqPacket()), mqtt5.PingRespPacket)
        await broker.apply(manual(port, certificates), source(server))
        assert await is_let_go(saw)
        assert isinstance(await owner.say(PingReqPacket()), mqtt5.PingRespPacket)
        await broker.apply(manual(port, certificates), source(server, ca("Another CA").certificate))
        assert await is_let_go(owner)

    run(tmp_path, scenario)
