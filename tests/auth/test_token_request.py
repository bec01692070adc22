"""The TokenRequest API, at a stand-in for the API server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.certificates import ca
from tests.http_stand_in import Answer, Asked, HttpStandIn
from tests.tokens import unsigned_token

from tidegate.auth.cluster import Cluster
from tidegate.auth.token_request import TokenRequest
from tidegate.exceptions import CredentialError

AUTHORITY = ca()
SERVER = AUTHORITY.server("127.0.0.1")
OWN = unsigned_token("https://kubernetes", sub="system:serviceaccount:plant:flows", jti="canary")


def folder_of(directory: Path, own: bytes = OWN, trusted: bytes = AUTHORITY.certificate) -> Path:
    folder = directory / "serviceaccount"
    folder.mkdir(exist_ok=True)
    (folder / "token").write_bytes(own)
    (folder / "ca.crt").write_bytes(trusted)
    return folder


def answering(directory: Path, answer: Callable[[Asked], Answer]) -> HttpStandIn:
    return HttpStandIn(answer, certificate=SERVER, folder=directory)


def issued(asked: Asked) -> Answer:
    return Answer(json.dumps({"status": {"token": "new", "expirationTimestamp": "2027-01-01T00:00:00Z"}}).encode(), 201)


def said(source: TokenRequest) -> str:
    with pytest.raises(CredentialError) as caught:
        source.fetch()
    text = f"{caught.value} {caught.value.hint}"
    assert OWN.decode() not in text
    assert "secret" not in text
    return text


def test_a_token_is_asked_for_as_the_pods_own_account(tmp_path: Path) -> None:
    with answering(tmp_path, issued) as server:
        source = TokenRequest("my-broker", Cluster("127.0.0.1", server.port, folder_of(tmp_path)))
        assert source.fetch() == b"new"
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("POST", "/api/v1/namespaces/plant/serviceaccounts/flows/token")
        assert asked.headers["authorization"] == f"Bearer {OWN.decode()}"
        assert json.loads(asked.body) == {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": ["my-broker"], "expirationSeconds": 3600},
        }


def test_the_pods_own_token_is_read_anew_for_each_request(tmp_path: Path) -> None:
    with answering(tmp_path, issued) as server:
        source = TokenRequest("my-broker", Cluster("127.0.0.1", server.port, folder_of(tmp_path)))
        source.fetch()
        other = unsigned_token("https://kubernetes", sub="system:serviceaccount:plant:flows", jti="2")
        folder_of(tmp_path, other)
        source.fetch()
        assert server.asked[1].headers["authorization"] == f"Bearer {other.decode()}"


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b"secret", "HTTP 401 the pod's own token is not accepted"),
        (403, b"secret", "allow the service account plant/flows the verb `create` on `serviceaccounts/token`"),
        (404, b"secret", "the service account plant/flows is gone"),
        (500, b"secret", "HTTP 500 it is asked again"),
        (302, b"secret", "HTTP 302"),
        (201, b"secret", "is no TokenRequest"),
        (201, b'{"status": {}}', "is no TokenRequest"),
        (201, b'{"status": {"token": 7}}', "is no TokenRequest"),
        (201, b"[" * 100_000, "is no TokenRequest"),
        (201, b'{"status": {"token": "' + b"x" * 1_000_000 + b'"}}', "is no TokenRequest"),
    ],
)
def test_a_refusal_is_told_with_what_to_do(tmp_path: Path, status: int, body: bytes, says: str) -> None:
    location = (("Location", "http://127.0.0.1:1/"),)
    with answering(tmp_path, lambda asked: Answer(body, status, location)) as server:
        text = said(TokenRequest("my-broker", Cluster("127.0.0.1", server.port, folder_of(tmp_path))))
    assert text.startswith("token of Kubernetes for my-broker: ")
    assert says in text


def test_the_api_server_is_verified(tmp_path: Path) -> None:
    with answering(tmp_path, issued) as server:
        cluster = Cluster("127.0.0.1", server.port, folder_of(tmp_path, trusted=ca("Other").certificate))
        assert "no TLS with the API server" in said(TokenRequest("my-broker", cluster))
        assert server.asked == []
        cluster = Cluster("127.0.0.1", server.port, folder_of(tmp_path, trusted=b""))
        assert "ca.crt: it holds no certificate" in said(TokenRequest("my-broker", cluster))


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with answering(tmp_path, issued) as server:
        port = server.port
    cluster = Cluster("127.0.0.1", port, folder_of(tmp_path))
    assert "does not answer: connection refused" in said(TokenRequest("my-broker", cluster))


@pytest.mark.parametrize(
    ("own", "says"),
    [
        (b"", "it is empty"),
        (unsigned_token(sub="alice"), "it is not of a service account"),
        (unsigned_token(sub="system:serviceaccount:../../x:y"), "it is not of a service account"),
    ],
)
def test_a_pod_without_an_account_is_said(tmp_path: Path, own: bytes, says: str) -> None:
    assert says in said(TokenRequest("my-broker", Cluster("127.0.0.1", 1, folder_of(tmp_path, own))))
