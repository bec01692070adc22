"""What the emulated identity endpoints answer."""

from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest
from tests.tokens import WALL

from tidegate.auth.token_issuer import TokenIssuer
from tidegate.engine.identity_stand_in import (
    ARC_PATH,
    EXCHANGE_AUDIENCE,
    SITE_PATH,
    Asked,
    Fault,
    IdentitySettings,
    IdentityStandIn,
    Reply,
)

ADDRESS = "https://localhost:1"
TENANT, CLIENT = "tenant-1", "client-1"
GRID = "https://eventgrid.azure.net"
METADATA = Asked("GET", "/metadata/identity/oauth2/token", {"resource": GRID}, {"metadata": "true"})


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer.open(tmp_path)


@pytest.fixture
def answers(issuer: TokenIssuer, tmp_path: Path) -> IdentityStandIn:
    settings = IdentitySettings(tenant_id=TENANT, client_ids=(CLIENT,), arc_folder=tmp_path, site_header="of-the-site")
    return IdentityStandIn(issuer, settings, lambda: WALL)


def body(reply: Reply) -> Mapping[str, object]:
    assert isinstance(reply.body, dict)
    return reply.body


def claims(reply: Reply) -> Mapping[str, object]:
    assert reply.status == 200, reply.status
    found: Mapping[str, object] = jwt.decode(str(body(reply)["access_token"]), options={"verify_signature": False})
    return found


def exchange(issuer: TokenIssuer, **changes: str) -> Asked:
    form = {
        "client_id": CLIENT,
        "scope": f"{GRID}/.default openid",
        "grant_type": "client_credentials",
        "client_assertion": issuer.issue(EXCHANGE_AUDIENCE, "flow", 60, WALL),
    }
    return Asked("POST", f"/{changes.pop('tenant', TENANT)}/oauth2/v2.0/token", form={**form, **changes})


def test_instance_metadata(answers: IdentityStandIn) -> None:
    reply = answers.answer(METADATA, ADDRESS)
    assert claims(reply)["aud"] == GRID
    assert (body(reply)["expires_in"], body(reply)["resource"]) == (3600, GRID)
    other = Asked("GET", METADATA.path, {"resource": GRID, "client_id": CLIENT}, METADATA.headers)
    assert claims(answers.answer(other, ADDRESS))["appid"] == CLIENT


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"resource": GRID}, {}),
        ({}, {"metadata": "true"}),
        ({"resource": GRID, "client_id": "unknown"}, {"metadata": "true"}),
    ],
    ids=["without the header", "without a resource", "of an unknown identity"],
)
def test_what_instance_metadata_refuses(
    answers: IdentityStandIn, query: dict[str, str], headers: dict[str, str]
) -> None:
    reply = answers.answer(Asked("GET", METADATA.path, query, headers), ADDRESS)
    assert (reply.status, body(reply)["error"]) == (400, "invalid_request")


def test_app_service_wants_its_header(answers: IdentityStandIn) -> None:
    asked = Asked("GET", SITE_PATH, {"resource": GRID}, {"x-identity-header": "of-the-site"})
    assert claims(answers.answer(asked, ADDRESS))["aud"] == GRID
    assert (
        answers.answer(Asked("GET", SITE_PATH, {"resource": GRID}, {"x-identity-header": "é"}), ADDRESS).status == 401
    )


def test_arc_wants_a_proof_that_files_can_be_read_and_takes_it_once(answers: IdentityStandIn) -> None:
    asked = Asked("GET", ARC_PATH, {"resource": GRID}, {"metadata": "true"})
    reply = answers.answer(asked, ADDRESS)
    ((name, challenge),) = reply.headers
    assert (reply.status, name) == (401, "WWW-Authenticate")
    proof = Path(challenge.removeprefix("Basic realm=")).read_text()
    proven = Asked("GET", ARC_PATH, asked.query, {**asked.headers, "authorization": f"Basic {proof}"})
    assert claims(answers.answer(proven, ADDRESS))["aud"] == GRID
    assert answers.answer(proven, ADDRESS).status == 401


def test_a_service_accounts_token_is_exchanged(answers: IdentityStandIn, issuer: TokenIssuer) -> None:
    found = claims(answers.answer(exchange(issuer), ADDRESS))
    assert (found["aud"], found["appid"], found["tid"]) == (GRID, CLIENT, TENANT)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenant": "other"}, 90002),
        ({"client_id": "other"}, 700016),
        ({"grant_type": "password"}, 70003),
        ({"scope": GRID}, 1002012),
        ({"client_assertion": "nonsense"}, 50013),
    ],
)
def test_what_is_not_exchanged(
    answers: IdentityStandIn, issuer: TokenIssuer, changes: dict[str, str], code: int
) -> None:
    assert body(answers.answer(exchange(issuer, **changes), ADDRESS))["error_codes"] == [code]


@pytest.mark.parametrize(
    ("audience", "life", "code"), [("aio-internal", 60, 700212), (EXCHANGE_AUDIENCE, -3600, 700024)]
)
def test_an_assertion_is_checked(
    answers: IdentityStandIn, issuer: TokenIssuer, audience: str, life: float, code: int
) -> None:
    asked = exchange(issuer, client_assertion=issuer.issue(audience, "flow", life, WALL))
    assert body(answers.answer(asked, ADDRESS))["error_codes"] == [code]


def test_openid(answers: IdentityStandIn, issuer: TokenIssuer) -> None:
    document = body(answers.answer(Asked("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration"), ADDRESS))
    assert document["issuer"] == f"{ADDRESS}/{TENANT}/v2.0"
    path = str(document["jwks_uri"]).removeprefix(ADDRESS)
    assert body(answers.answer(Asked("GET", path), ADDRESS)) == issuer.key_set()
    assert claims(answers.answer(METADATA, ADDRESS))["iss"] == document["issuer"]
    assert answers.answer(Asked("GET", "/other/v2.0/.well-known/openid-configuration"), ADDRESS).status == 400
    assert answers.answer(Asked("GET", "/nothing"), ADDRESS).status == 404


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        ("no-identity", 400, "AADSTS700016"),
        ("wrong-tenant", 400, "AADSTS90002"),
        ("no-federation", 401, "AADSTS700213"),
        ("unknown-audience", 400, "AADSTS500011"),
        ("unavailable", 503, "temporarily_unavailable"),
        ("throttled", 429, "too_many_requests"),
        ("nonsense", 200, "<html>"),
    ],
)
def test_faults_of_an_exchange(
    answers: IdentityStandIn, issuer: TokenIssuer, fault: Fault, status: int, says: str
) -> None:
    answers.fault = fault
    reply = answers.answer(exchange(issuer), ADDRESS)
    assert reply.status == status
    assert says in str(reply.body)


def test_faults_of_a_token(answers: IdentityStandIn) -> None:
    answers.fault = "other-audience"
    assert claims(answers.answer(METADATA, ADDRESS))["aud"] == "https://somebody-else.example"
    answers.fault = "expired"
    assert int(str(claims(answers.answer(METADATA, ADDRESS))["exp"])) < WALL
    answers.fault = "unknown-audience"
    assert body(answers.answer(METADATA, ADDRESS))["error"] == "invalid_resource"


def test_the_same_token_until_five_minutes_before_its_end(issuer: TokenIssuer) -> None:
    now = WALL
    answers = IdentityStandIn(issuer, IdentitySettings(life_seconds=600), lambda: now)
    answers.fault = "same-token"
    first = body(answers.answer(METADATA, ADDRESS))["access_token"]
    now = WALL + 299
    assert body(answers.answer(METADATA, ADDRESS))["access_token"] == first
    now = WALL + 300
    assert body(answers.answer(METADATA, ADDRESS))["access_token"] != first


def test_promise_06_nothing_of_a_token_is_in_a_repr(answers: IdentityStandIn, issuer: TokenIssuer) -> None:
    asked = exchange(issuer)
    reply = answers.answer(asked, ADDRESS)
    assert "eyJ" not in f"{asked!r} {reply!r} {IdentitySettings(site_header='eyJ')!r}"
