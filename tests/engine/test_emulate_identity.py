"""The HTTP side of the emulated identity endpoints, asked by the real azure-identity and by worse."""

import http.client
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate.auth import managed_identity
from tidegate.auth.client_token import read_token
from tidegate.auth.managed_identity import ManagedIdentity
from tidegate.auth.renewal_schedule import next_look
from tidegate.engine.emulate_identity import EmulatedIdentity, IdentityPorts
from tidegate.engine.identity_stand_in import DEFAULT_TENANT, IdentitySettings
from tidegate.exceptions import CredentialError, ListenFailed
from tidegate.flow.plan import SystemIdentityPlan, UserIdentityPlan

GRID = "https://eventgrid.azure.net"
CLIENT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
SYSTEM = SystemIdentityPlan(audience=GRID)
USER = UserIdentityPlan(client_id=CLIENT, tenant_id=DEFAULT_TENANT, scope=f"{GRID}/.default", audience=GRID)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(managed_identity, "RETRIES_MAX", 0)


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[EmulatedIdentity]:
    settings = IdentitySettings(arc_folder=tmp_path, site_header="of-the-site")
    with EmulatedIdentity(tmp_path / "emulation", settings, IdentityPorts()) as emulated:
        yield emulated


@pytest.mark.parametrize("plan", [SYSTEM, USER], ids=["system", "user"])
@pytest.mark.parametrize("name", ["instance metadata", "App Service", "Arc"])
def test_a_machines_identities(
    emulated: EmulatedIdentity,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    plan: SystemIdentityPlan | UserIdentityPlan,
) -> None:
    import msal.managed_identity

    places = {"linux": str(tmp_path)}
    monkeypatch.setattr(msal.managed_identity, "_supported_arc_platforms_and_their_prefixes", places)
    for variable, value in emulated.environments()[name].items():
        monkeypatch.setenv(variable, value)
    assert read_token(ManagedIdentity(plan, os.environ).fetch(), "test").audiences == (GRID,)


def test_workload_identity(emulated: EmulatedIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in emulated.environments()["workload identity"].items():
        monkeypatch.setenv(variable, value)
    assert emulated.federated_token_file.stat().st_mode & 0o777 == 0o600
    assert read_token(ManagedIdentity(USER, os.environ).fetch(), "test").audiences == (GRID,)
    emulated.renew_federated_token(life_seconds=-3600)
    with pytest.raises(CredentialError, match="has expired"):
        ManagedIdentity(USER, os.environ).fetch()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("no-identity", "is not in the tenant"),
        ("wrong-tenant", "no such tenant"),
        ("no-federation", "as its subject"),
        ("unknown-audience", "no application with the endpoint's audience"),
        ("unavailable", "gives no token"),
    ],
)
def test_what_goes_wrong_is_explained(
    emulated: EmulatedIdentity, monkeypatch: pytest.MonkeyPatch, fault: str, says: str
) -> None:
    for variable, value in emulated.environments()["workload identity"].items():
        monkeypatch.setenv(variable, value)
    emulated.set_fault(fault)  # type: ignore[arg-type]  # a parameter is a plain text
    with pytest.raises(CredentialError) as caught:
        ManagedIdentity(USER, os.environ).fetch()
    assert says in str(caught.value)
    emulated.set_fault(None)
    assert ManagedIdentity(USER, os.environ).fetch()


def test_failure_24_the_librarys_cache_gives_a_new_token_when_the_schedule_asks_late(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `auth.renewal_schedule` takes for granted: the same token two thirds through, a new one when it is late."""
    passed, real = 0.0, time.time
    monkeypatch.setattr(time, "time", lambda: real() + passed)
    with EmulatedIdentity(tmp_path, IdentitySettings(life_seconds=900), IdentityPorts()) as emulated:
        for variable, value in emulated.environments()["instance metadata"].items():
            monkeypatch.setenv(variable, value)
        source = ManagedIdentity(SYSTEM, os.environ)
        first = source.fetch()
        token = read_token(first, "test")
        assert token.issued_wall is not None and token.expires_wall is not None
        looks = []
        asked = token.issued_wall
        while (at := next_look(token, got_wall=asked, asked_wall=asked, jitter=0.5)) is not None:
            passed, asked = at - real(), at
            looks.append((at - token.issued_wall, source.fetch() == first))
            if not looks[-1][1]:
                break
    assert [seconds for seconds, _ in looks] == pytest.approx([570, 605])
    assert [is_same for _, is_same in looks] == [True, False]


def machine(emulated: EmulatedIdentity) -> http.client.HTTPConnection:
    address = emulated.environments()["instance metadata"]["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    return http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)


def test_a_body_without_end_is_not_read(emulated: EmulatedIdentity, capfd: pytest.CaptureFixture[str]) -> None:
    for length in ("99999999", "-1", "many"):
        connection = machine(emulated)
        connection.request("POST", "/x", headers={"Content-Length": length})
        assert connection.getresponse().status == 413
        connection.close()
    assert "".join(capfd.readouterr()) == ""


def test_a_port_that_is_taken_is_said(emulated: EmulatedIdentity, tmp_path: Path) -> None:
    ports = IdentityPorts(tls_port=machine(emulated).port)
    with pytest.raises(ListenFailed):
        EmulatedIdentity(tmp_path / "other", IdentitySettings(), ports)
