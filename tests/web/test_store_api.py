"""`web/store_api.py`: the store as the command line asks for it."""

import json
from typing import Any

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.web.api import Api, api

__all__ = ["api"]

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: tide-turns}\n"
STORE = "/tidegate/store"


def edit(api: Api, *put: str, status: int = 200, **more: Any) -> Any:
    answer = api.ask("POST", f"{STORE}/edit", {"put": list(put), "means": "tidegate apply", **more})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_several_resources_are_made_at_once_or_none(api: Api) -> None:
    made = edit(api, DEFAULT, CLOUD, UPLINK)
    assert {each["key"][1]: each["action"] for each in made["changes"]} == dict.fromkeys(
        ("default", "cloud", "uplink"), "created"
    )
    assert (made["reached"], made["is_refused"]) == ("no-engine", False)
    refused = edit(api, CLOUD.replace("cloud", "other"), UPLINK.replace("cloud", "nowhere"))
    assert refused["is_refused"] and refused["diagnostics"][0]["span"]["file"] == "sent:1"
    held = api.ask("GET", STORE).json()
    assert [each["key"][1] for each in held["resources"]] == ["uplink", "cloud", "default"]


def test_no_content_of_a_secret_is_given_out(api: Api) -> None:
    edit(api, SECRET)
    edit(api, SECRET.replace("tide-turns", "tide-changes"))
    for path, query in (
        (STORE, {}),
        (f"{STORE}/history", {}),
        (f"{STORE}/history", {"kind": "Secret", "name": "login"}),
    ):
        text = api.ask("GET", path, query=query).text
        assert "login" in text and "password" in text
        assert "tide-" not in text and "dGlkZS" not in text
    with api.workspace() as workspace:
        assert len(workspace.store.history()) == 2
        assert workspace.store.history()[0].author == ("api", "tidegate apply")


def test_a_version_that_was_expected(api: Api) -> None:
    edit(api, CLOUD)
    conflict = edit(
        api, delete=[["DataflowEndpoint", "cloud"]], expected=[[["DataflowEndpoint", "cloud"], 7]], status=412
    )
    assert "it has version 1 now" in conflict["error"]["message"]
    dry = edit(api, delete=[["DataflowEndpoint", "cloud"]], is_dry_run=True)
    assert dry["changes"][0]["action"] == "deleted"
    assert edit(api, delete=[["DataflowEndpoint", "cloud"]])["changes"][0]["action"] == "deleted"
    assert [each["action"] for each in api.ask("GET", f"{STORE}/history", query={"limit": 1}).json()] == ["deleted"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{STORE}/else", None, 404),
        ("POST", STORE, {}, 405),
        ("GET", f"{STORE}/edit", None, 405),
        ("POST", f"{STORE}/edit", b"[" * 100_000, 400),
        ("POST", f"{STORE}/edit", {"put": []}, 400),
        ("POST", f"{STORE}/edit", {"means": "a\nb"}, 400),
        ("POST", f"{STORE}/edit", {"means": "a", "force": True}, 400),
    ],
)
def test_what_is_not_understood(api: Api, method: str, path: str, body: Any, status: int) -> None:
    answer = api.ask(method, path, body)
    assert answer.status_code == status, answer.text
    assert json.loads(answer.text)["error"]["message"]


@pytest.mark.parametrize("query", [{"kind": "Secret"}, {"name": "login"}, {"limit": "-1"}, {"limit": "10001"}])
def test_a_history_that_cannot_be_meant(api: Api, query: dict[str, str]) -> None:
    assert api.ask("GET", f"{STORE}/history", query=query).status_code == 400


def test_reading_needs_a_token_and_changing_that_of_write(api: Api) -> None:
    assert api.ask("GET", STORE, Authorization="").status_code == 401
    assert api.ask("GET", STORE, Authorization=f"Bearer {'r' * 32}").status_code == 200
    body = {"put": [CLOUD], "means": "tidegate apply", "is_dry_run": True}
    assert api.ask("POST", f"{STORE}/edit", body, Authorization=f"Bearer {'r' * 32}").status_code == 403
