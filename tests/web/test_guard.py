"""`web/guard.py`: security promises about the HTTP API: who may ask, from where, and for how much."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tidegate.web.arm_error import ArmError, answer_error
from tidegate.web.guard import BODY_BYTES_MAX, Guard

READ = {"Authorization": "Bearer token-of-read"}
WRITE = {"Authorization": "Bearer token-of-write", "Content-Type": "application/json"}


async def _echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


@pytest.fixture
def client() -> Iterator[TestClient]:
    methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"]
    application = Starlette(
        routes=[Route("/{path:path}", _echo, methods=methods)], exception_handlers={ArmError: answer_error}
    )
    guarded = Guard(application, {"read": "token-of-read", "write": "token-of-write"}, frozenset({"plant.example"}))
    with TestClient(guarded, base_url="https://localhost:8443") as client:
        yield client


def test_promise_13_nothing_is_answered_without_a_token(client: TestClient) -> None:
    for method in ("GET", "PUT", "POST", "DELETE", "PATCH"):
        answer = client.request(method, "/subscriptions")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] == "AuthenticationFailed"
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer token-of-write2", "Bearer", "Basic token-of-write", "token-of-write", "Bearer ü"]
)
def test_promise_13_a_wrong_token_is_refused(client: TestClient, header: str) -> None:
    assert client.put("/x", headers=[(b"authorization", header.encode())]).status_code == 401


def test_promise_13_the_role_read_reads_only(client: TestClient) -> None:
    assert client.get("/x", headers=READ).text == "GET 0"
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        answer = client.request(method, "/x", headers=READ)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert client.get("/x", headers=WRITE).status_code == 200
    assert client.put("/x", headers=WRITE, json=12).text == "PUT 2"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8443", 200),
        ("127.0.0.1:8443", 200),
        ("[::1]:8443", 200),
        ("192.0.2.7", 200),
        ("plant.example:8443", 200),
        ("PLANT.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8443", 421),
        ("", 421),
    ],
)
def test_promise_13_a_name_that_was_pointed_here_is_refused(client: TestClient, host: str, status: int) -> None:
    assert client.get("/x", headers=READ | {"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://localhost:8443"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:8443"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_promise_13_other_web_pages_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/x", headers=READ | headers).status_code == status


def test_promise_13_a_long_body_is_not_read(client: TestClient) -> None:
    too_long = b"x" * (BODY_BYTES_MAX + 1)
    assert client.put("/x", headers=WRITE, content=too_long[:-1]).status_code == 200
    assert client.put("/x", headers=WRITE, content=too_long).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(5):
            yield too_long[: BODY_BYTES_MAX // 4]

    answer = client.put("/x", headers=WRITE, content=pieces())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "RequestContentTooLarge")
    assert client.put("/x", headers=WRITE | {"Content-Length": "-1"}).status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_promise_13_what_a_form_of_a_web_page_could_send_is_refused(client: TestClient, kind: str | None) -> None:
    headers = {"Authorization": "Bearer token-of-write"} | ({"Content-Type": kind} if kind else {})
    answer = client.put("/x", headers=headers, content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UnsupportedMediaType")
    assert client.put("/x", headers=headers | {"Content-Type": "Application/JSON; charset=utf-8"}).status_code == 200
    assert client.delete("/x", headers=headers).status_code == 200
