"""Dialling real servers on loopback, and the exact words of each way in which it fails."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from tests.certificates import EXPIRED, NOT_YET_VALID, Authority, Issued, ca
from tests.net.conftest import Run
from tests.net.recorder import Recorder, server
from tests.net.test_addresses import free_port
from tests.net.tls_contexts import client_context, refusing_server, server_context

from tidegate.exceptions import ConnectFailed
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, TlsPlan
from tidegate.net.dialer import dial

AUTHORITY = ca()
STRANGER = ca("Another CA")
SERVER = AUTHORITY.server("localhost", "127.0.0.1", "::1")


def has_ipv6() -> bool:
    """Tell whether this machine's loopback has IPv6; in many a container it has not."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


NEEDS_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="the loopback of this machine has no IPv6")


def endpoint(
    host: str, port: int, *, secure: bool = False, transport: Literal["tcp", "websocket"] = "tcp", path: str = "/mqtt"
) -> EndpointPlan:
    return EndpointPlan(
        name="broker",
        host=host,
        port=port,
        transport=transport,
        path=path,
        tls=TlsPlan(ca_config_map="ca") if secure else None,
        authentication=AnonymousPlan(),
        service_type="MQTT",
    )


async def failure(plan: EndpointPlan, tls: ssl.SSLContext | None = None, timeout_seconds: float = 10) -> ConnectFailed:
    with pytest.raises(ConnectFailed) as raised:
        await dial(plan, tls=tls, timeout_seconds=timeout_seconds)
    return raised.value


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(4))
    await writer.drain()
    await reader.read()
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def exchange(plan: EndpointPlan, tls: ssl.SSLContext | None) -> None:
    """Dial, send four bytes and get them back."""
    stream = await dial(plan, tls=tls, timeout_seconds=10)
    assert stream.peer == f"{plan.host}:{plan.port}"
    receiver = Recorder()
    stream.start(receiver)
    stream.write(b"ping")
    await receiver.until(lambda: receiver.data == b"ping")
    stream.close()
    assert await receiver.closed is None


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("localhost", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        pytest.param("[::1]", "::1", marks=NEEDS_IPV6),
        pytest.param("::1", "::1", marks=NEEDS_IPV6),
    ],
)
def test_names_and_addresses_connect(run: Run, host: str, bound: str, secure: bool) -> None:
    async def test() -> None:
        async with server(echo, server_context(SERVER) if secure else None, bound) as port:
            await exchange(endpoint(host, port, secure=secure), client_context(AUTHORITY) if secure else None)

    run(test())


def test_an_endpoint_with_tls_is_never_dialled_without(run: Run) -> None:
    async def test() -> None:
        with pytest.raises(AssertionError, match="never dialled without"):
            await dial(endpoint("localhost", 1, secure=True), tls=None, timeout_seconds=1)

    run(test())


# Failure mode 34: unreachable, name not resolving, TLS not TLS.


def test_failure_34_connection_refused(run: Run) -> None:
    async def test() -> None:
        port = free_port()
        error = await failure(endpoint("127.0.0.1", port))
        assert str(error) == f"127.0.0.1:{port}: connection refused"
        assert (error.step, error.hint) == ("connect", f"check that the broker runs and listens on port {port}")

    run(test())


def test_failure_34_connection_refused_names_the_addresses_behind_a_name(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        _resolves_to(monkeypatch, "127.0.0.1", "127.0.0.2")
        port = free_port()
        error = await failure(endpoint("broker.example", port))
        assert str(error) == f"broker.example:{port}: connection refused (tried 127.0.0.1, 127.0.0.2)"

    run(test())


@pytest.mark.parametrize(
    ("code", "detail", "hint"),
    [
        (
            socket.EAI_NONAME,
            "the name does not resolve",
            "check the spelling of host, and this machine's DNS",
        ),
        (
            socket.EAI_AGAIN,
            "the name cannot be resolved now: the DNS server does not answer",
            "check this machine's DNS",
        ),
    ],
)
def test_failure_34_name_not_resolving(
    run: Run, monkeypatch: pytest.MonkeyPatch, code: int, detail: str, hint: str
) -> None:
    async def test() -> None:
        async def fail(host: str, port: int) -> None:
            raise socket.gaierror(code, "text")

        monkeypatch.setattr("tidegate.net.dialer.resolve", fail)
        error = await failure(endpoint("broker.example", 1883))
        assert str(error) == f"broker.example:1883: {detail}"
        assert (error.step, error.hint) == ("resolve", hint)

    run(test())


def test_failure_34_a_name_that_cannot_exist_does_not_resolve(run: Run) -> None:
    async def test() -> None:
        error = await failure(endpoint("no-such-broker.invalid", 1883))
        assert error.step == "resolve"

    run(test())


def test_failure_34_not_a_host_name(run: Run) -> None:
    async def test() -> None:
        error = await failure(endpoint(f"{'x' * 64}.example", 1883))
        assert error.step == "resolve"
        assert error.detail in ("this is not a host name", "the name does not resolve")

    run(test())


@pytest.mark.parametrize(
    ("error", "detail", "hint"),
    [
        (OSError(113, ""), "no route to the host", "check host, and this machine's network"),
        (OSError(101, ""), "no route to the host", "check host, and this machine's network"),
        (
            OSError(110, ""),
            "the host does not answer",
            "check that the host is up and that no firewall drops the packets",
        ),
        (
            OSError(13, ""),
            "cannot connect: permission denied",
            "check host, port and this machine's network",
        ),
    ],
)
def test_failure_34_unreachable(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, detail: str, hint: str
) -> None:
    async def test() -> None:
        async def fail(addresses: object) -> list[OSError]:
            return [error]

        monkeypatch.setattr("tidegate.net.dialer.connect_first", fail)
        failed = await failure(endpoint("127.0.0.1", 1883))
        assert str(failed) == f"127.0.0.1:1883: {detail}"
        assert (failed.step, failed.hint) == ("connect", hint)

    run(test())


def test_failure_34_the_host_never_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async def wait(addresses: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr("tidegate.net.dialer.connect_first", wait)
        error = await failure(endpoint("127.0.0.1", 1883), timeout_seconds=0.05)
        assert str(error) == "127.0.0.1:1883: no answer within 0.05 s while connecting"
        assert (error.step, error.hint) == (
            "timeout",
            "check that the host is up and that no firewall drops packets to port 1883",
        )

    run(test())


def test_failure_34_tls_to_a_port_that_speaks_something_else(run: Run) -> None:
    async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP ready\r\n")
        await reader.read(-1)

    await_not_tls(
        run, talkative, "tls", "the server does not speak TLS on this port", "check the port, or set tls.mode: Disabled"
    )


def test_failure_34_tls_to_a_port_that_closes(run: Run) -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        writer.close()

    await_not_tls(
        run,
        closing,
        "tls",
        "the connection was closed during the TLS handshake",
        "the port may not speak TLS, or the server refuses this client; check the port and tls.mode",
    )


def test_failure_34_tls_to_a_port_that_is_silent(run: Run) -> None:
    await_not_tls(
        run,
        silent,
        "timeout",
        "no answer within 0.2 s while waiting for the TLS handshake",
        "the port may not speak TLS; check the port and tls.mode",
        timeout_seconds=0.2,
    )


def await_not_tls(
    run: Run,
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    step: str,
    detail: str,
    hint: str,
    timeout_seconds: float = 10,
) -> None:
    async def test() -> None:
        async with server(handler) as port:
            error = await failure(endpoint("localhost", port, secure=True), client_context(AUTHORITY), timeout_seconds)
            assert str(error) == f"localhost:{port}: {detail}"
            assert (error.step, error.hint) == (step, hint)

    run(test())


# Failure mode 23: what is wrong with the server's certificate.


@pytest.mark.parametrize(
    ("issued", "trusted", "host", "detail", "hint"),
    [
        (
            SERVER,
            STRANGER,
            "localhost",
            "the server's certificate is signed by an unknown CA",
            "name the config map that holds its CA in tls.trustedCaCertificateConfigMapRef, "
            "and let the server send its intermediate certificates",
        ),
        (
            AUTHORITY.intermediate().server("localhost"),
            AUTHORITY,
            "localhost",
            "the server's certificate is signed by an unknown CA",
            "name the config map that holds its CA in tls.trustedCaCertificateConfigMapRef, "
            "and let the server send its intermediate certificates",
        ),
        (
            AUTHORITY.server("other.example"),
            AUTHORITY,
            "localhost",
            "the server's certificate is not for localhost",
            "use a host that its subject alternative names list, or issue it for this one",
        ),
        (
            AUTHORITY.server("localhost"),
            AUTHORITY,
            "127.0.0.1",
            "the server's certificate is not for 127.0.0.1",
            "use a host that its subject alternative names list, or issue it for this one",
        ),
        (
            AUTHORITY.server(),
            AUTHORITY,
            "localhost",
            "the server's certificate is not for localhost",
            "use a host that its subject alternative names list, or issue it for this one",
        ),
        (
            AUTHORITY.server("localhost", period=EXPIRED),
            AUTHORITY,
            "localhost",
            "the server's certificate, or a CA above it, has expired",
            "renew it, or check this machine's clock",
        ),
        (
            AUTHORITY.server("localhost", period=NOT_YET_VALID),
            AUTHORITY,
            "localhost",
            "the server's certificate, or a CA above it, is not valid yet",
            "check this machine's clock and the server's",
        ),
        (
            AUTHORITY.client("localhost"),
            AUTHORITY,
            "localhost",
            "the server's certificate is not trusted: unsuitable certificate purpose",
            "issue it anew, for use by a TLS server",
        ),
    ],
    ids=["unknown CA", "no intermediate", "wrong name", "wrong address", "no name", "expired", "not yet", "usage"],
)
def test_failure_23_server_certificate(
    run: Run, issued: Issued, trusted: Authority, host: str, detail: str, hint: str
) -> None:
    async def test() -> None:
        async with server(silent, server_context(issued)) as port:
            error = await failure(endpoint(host, port, secure=True), client_context(trusted))
            assert str(error) == f"{host}:{port}: {detail}"
            assert (error.step, error.hint) == ("tls", hint)

    run(test())


CHECK_CLIENT = "check authentication.x509CertificateSettings.secretRef, and that the server trusts its CA"

refusals = pytest.mark.parametrize(
    ("shown", "detail", "hint"),
    [
        (None, "the server requires a client certificate", "use authentication.method: X509Certificate"),
        (STRANGER.client(), "the server does not trust the CA of the client certificate", CHECK_CLIENT),
        (
            AUTHORITY.client(period=EXPIRED),
            "the server says that the client certificate has expired",
            "renew it",
        ),
    ],
    ids=["none", "unknown CA", "expired"],
)


@refusals
def test_failure_23_client_certificate_refused_after_a_handshake_of_tls_1_3(
    run: Run, shown: Issued | None, detail: str, hint: str
) -> None:
    async def test() -> None:
        tls = server_context(SERVER, clients_of=AUTHORITY)
        with refusing_server(tls) as port:
            stream = await dial(
                endpoint("localhost", port, secure=True), tls=client_context(AUTHORITY, shown=shown), timeout_seconds=10
            )
            receiver = Recorder()
            stream.start(receiver)
            error = await receiver.closed
            assert isinstance(error, ConnectFailed)
            assert str(error) == f"localhost:{port}: {detail}"
            assert (error.step, error.hint) == ("tls", hint)

    run(test())


@refusals
def test_failure_23_client_certificate_refused_in_the_websocket_upgrade(
    run: Run, shown: Issued | None, detail: str, hint: str
) -> None:
    async def test() -> None:
        tls = server_context(SERVER, clients_of=AUTHORITY)
        with refusing_server(tls) as port:
            error = await failure(
                endpoint("localhost", port, secure=True, transport="websocket"), client_context(AUTHORITY, shown=shown)
            )
            assert str(error) == f"localhost:{port}: {detail}"
            assert (error.step, error.hint) == ("tls", hint)

    run(test())


def test_failure_23_client_certificate_refused_in_the_handshake_of_tls_1_2(run: Run) -> None:
    async def test() -> None:
        tls = server_context(SERVER, clients_of=AUTHORITY, version=ssl.TLSVersion.TLSv1_2)
        with refusing_server(tls) as port:
            shown = STRANGER.client()
            error = await failure(endpoint("localhost", port, secure=True), client_context(AUTHORITY, shown=shown))
            assert str(error) == f"localhost:{port}: the server does not trust the CA of the client certificate"
            assert (error.step, error.hint) == ("tls", CHECK_CLIENT)

    run(test())


def test_a_client_certificate_that_is_trusted_connects(run: Run) -> None:
    async def test() -> None:
        async with server(echo, server_context(SERVER, clients_of=AUTHORITY)) as port:
            await exchange(
                endpoint("localhost", port, secure=True), client_context(AUTHORITY, shown=AUTHORITY.client())
            )

    run(test())


def _resolves_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    async def resolve(host: str, port: int) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in hosts]

    monkeypatch.setattr("tidegate.net.dialer.resolve", resolve)
