"""Managed identities through the real azure-identity, at stand-ins for the endpoints that it asks.

Each endpoint is what the library's own documentation says of it; none of them is Azure.
"""

import json
import logging
import os
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import ca
from tests.http_stand_in import Answer, Asked, HttpStandIn
from tests.tokens import unsigned_token

from tidegate.auth import managed_identity
from tidegate.auth.managed_identity import ManagedIdentity, check_library
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import SystemIdentityPlan, UserIdentityPlan

GRID = "https://eventgrid.azure.net"
SYSTEM = SystemIdentityPlan(audience=GRID)
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
USER = UserIdentityPlan(client_id=CLIENT, tenant_id=TENANT, scope=f"{GRID}/.default", audience=GRID)
TOKEN = unsigned_token(GRID, time.time(), time.time() + 3600, jti="canary")
CANARY = "canary-of-the-server"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell of no identity of the machine that the tests run on."""
    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(managed_identity, "RETRIES_MAX", 0)


def given(asked: Asked | None = None) -> Answer:
    """Return a token as all of the endpoints return it."""
    now = int(time.time())
    document = {
        "access_token": TOKEN.decode(),
        "expires_in": "3600",
        "expires_on": str(now + 3600),
        "resource": GRID,
        "token_type": "Bearer",
        "client_id": CLIENT,
    }
    return Answer(json.dumps(document).encode())


def query(asked: Asked) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(asked.path).query))


def said(source: ManagedIdentity) -> str:
    with pytest.raises(CredentialError) as caught:
        source.fetch()
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    text = f"{caught.value} {caught.value.hint}"
    assert CANARY not in text
    return text


@pytest.mark.parametrize(("plan", "client_id"), [(SYSTEM, None), (USER, CLIENT)], ids=["system", "user"])
def test_instance_metadata(monkeypatch: pytest.MonkeyPatch, plan: Any, client_id: str | None) -> None:
    with HttpStandIn(given) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{server.port}")
        source = ManagedIdentity(plan, os.environ)
        assert source.fetch() == TOKEN
        assert source.fetch() == TOKEN
    (asked,) = server.asked
    assert asked.path.startswith("/metadata/identity/oauth2/token?")
    assert asked.headers["metadata"] == "true"
    assert (query(asked)["resource"], query(asked).get("client_id")) == (GRID, client_id)


@pytest.mark.parametrize(("plan", "client_id"), [(SYSTEM, None), (USER, CLIENT)], ids=["system", "user"])
def test_app_service(monkeypatch: pytest.MonkeyPatch, plan: Any, client_id: str | None) -> None:
    with HttpStandIn(given) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "of-the-site")
        assert ManagedIdentity(plan, os.environ).fetch() == TOKEN
    (asked,) = server.asked
    assert asked.headers["x-identity-header"] == "of-the-site"
    assert (query(asked)["resource"], query(asked).get("client_id")) == (GRID, client_id)


@pytest.mark.parametrize("plan", [SYSTEM, USER], ids=["system", "user"])
def test_arc_proves_that_it_may_read_the_machines_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plan: Any
) -> None:
    import msal.managed_identity

    (tmp_path / "challenge.key").write_text("of-the-machine")
    places = {"linux": str(tmp_path)}
    monkeypatch.setattr(msal.managed_identity, "_supported_arc_platforms_and_their_prefixes", places)

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Basic of-the-machine":
            return Answer(b"{}", 401, (("WWW-Authenticate", f"Basic realm={tmp_path}/challenge.key"),))
        return given()

    with HttpStandIn(answer) as server:
        endpoint = f"http://127.0.0.1:{server.port}/metadata/identity/oauth2/token"
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
        monkeypatch.setenv("IMDS_ENDPOINT", f"http://127.0.0.1:{server.port}")
        assert ManagedIdentity(plan, os.environ).fetch() == TOKEN
    assert len(server.asked) == 2


Authority = Callable[[Asked], Answer]


def entra(asked: Asked) -> Answer:
    """Answer as Microsoft Entra does: its configuration, then a token for an assertion."""
    host = f"https://{asked.headers['host']}"
    if asked.path.endswith("/.well-known/openid-configuration"):
        document = {
            "issuer": f"{host}/{TENANT}/v2.0",
            "token_endpoint": f"{host}/{TENANT}/oauth2/v2.0/token",
            "authorization_endpoint": f"{host}/{TENANT}/oauth2/v2.0/authorize",
        }
        return Answer(json.dumps(document).encode())
    return given()


def refusing(code: int) -> Authority:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("openid-configuration"):
            return entra(asked)
        document = {"error": "invalid_client", "error_description": f"AADSTS{code}: {CANARY}", "error_codes": [code]}
        return Answer(json.dumps(document).encode(), 401)

    return answer


def workload(monkeypatch: pytest.MonkeyPatch, directory: Path, answer: Authority) -> HttpStandIn:
    """Set workload identity up with an authority of our own."""
    authority = ca()
    (directory / "ca.crt").write_bytes(authority.certificate)
    (directory / "federated").write_text("of-the-account")
    server = HttpStandIn(answer, certificate=authority.server("127.0.0.1", "localhost"), folder=directory)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://localhost:{server.port}")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(directory / "federated"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory / "ca.crt"))
    return server


def test_workload_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with workload(monkeypatch, tmp_path, entra) as server:
        assert ManagedIdentity(USER, os.environ).fetch() == TOKEN
    asked = server.asked[-1]
    assert asked.path == f"/{TENANT}/oauth2/v2.0/token"
    form = dict(urllib.parse.parse_qsl(asked.body.decode()))
    assert form["client_assertion"] == "of-the-account"
    assert (form["client_id"], form["grant_type"]) == (CLIENT, "client_credentials")
    assert f"{GRID}/.default" in form["scope"].split()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (90002, "there is no such tenant"),
        (700016, "the identity is not in the tenant"),
        (70021, "no federated credential matches"),
        (700213, "as its subject"),
        (700024, "has expired"),
        (500011, "no application with the endpoint's audience"),
        (1234567, "Microsoft Entra refuses"),
    ],
)
def test_what_entra_refuses_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, says: str
) -> None:
    with workload(monkeypatch, tmp_path, refusing(code)):
        text = said(ManagedIdentity(USER, os.environ))
    assert says in text
    assert f"(AADSTS{code}, client id {CLIENT}, tenant {TENANT})" in text
    assert "of-the-account" not in text


def test_a_federated_token_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with workload(monkeypatch, tmp_path, entra):
        (tmp_path / "federated").unlink()
        assert "AZURE_FEDERATED_TOKEN_FILE is not there" in said(ManagedIdentity(USER, os.environ))


def test_an_authority_whose_certificate_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with workload(monkeypatch, tmp_path, entra):
        (tmp_path / "ca.crt").write_bytes(ca("Other").certificate)
        assert "the identity service gives no token" in said(ManagedIdentity(USER, os.environ))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            Answer(b'{"error": "invalid_request", "error_description": "canary-of-the-server"}', 400),
            "(invalid_request)",
        ),
        (Answer(b"canary-of-the-server", 500), "the identity service gives no token (ClientAuthenticationError)"),
        (Answer(b"[]", 200), ""),
    ],
)
def test_a_machine_without_the_identity(monkeypatch: pytest.MonkeyPatch, answer: Answer, says: str) -> None:
    with HttpStandIn(lambda asked: answer) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{server.port}")
        text = said(ManagedIdentity(SYSTEM, os.environ))
    assert text.startswith(f"managed identity for {GRID}: ")
    assert says in text


def test_a_machine_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpStandIn(given) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{server.port}")
    assert "no identity endpoint that answers" in said(ManagedIdentity(SYSTEM, os.environ))


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    check_library("x")
    monkeypatch.setattr(managed_identity, "find_spec", lambda name: None)
    assert "pip install 'tidegate[azure]'" in said(ManagedIdentity(SYSTEM, os.environ))

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(managed_identity, "find_spec", missing)
    with pytest.raises(CredentialError, match="x: the library azure-identity is not installed"):
        check_library("x")


def test_the_library_logs_nothing_that_we_show(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with HttpStandIn(lambda asked: Answer(CANARY.encode(), 400)) as server, caplog.at_level(logging.DEBUG):
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{server.port}")
        said(ManagedIdentity(SYSTEM, os.environ))
    assert caplog.records == []
    assert "".join(capfd.readouterr()) == ""
