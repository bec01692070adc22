"""`web/application.py`: the API as a whole, fuzzed from its own description."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core import NotSet
from tests.web.api import Api

from tidegate.resources.arm_types import ARM_TYPES


def test_the_description_is_served(api: Api) -> None:
    document = api.ask("GET", "/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert len(document["paths"]) == 2 * len(ARM_TYPES)
    assert api.client.get("/livez").text == "ok\n"
    assert api.client.get("/openapi.json").status_code == 401
    assert api.ask("GET", "dataflowEndpoints").headers["Cache-Control"] == "no-store"


def test_no_request_that_fits_the_description_fails_in_the_server(api: Api) -> None:
    """schemathesis makes requests from the OpenAPI document, sound and unsound ones; none may be answered 5xx."""
    schema = schemathesis.openapi.from_dict(api.ask("GET", "/openapi.json").json())
    failed: list[str] = []
    asked = 0

    def attempt(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        asked += 1
        body = None if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode()
        headers = {str(key): str(value) for key, value in (case.headers or {}).items() if str(value).isascii()}
        path = case.formatted_path
        answer = api.ask(case.method, path, body, None, case.query, **headers)
        if answer.status_code >= 500:
            failed.append(f"{case.method} {path}: {answer.status_code}")

    bounded = settings(
        max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    for found in schema.get_all_operations():
        bounded(given(case=found.ok().as_strategy())(attempt))()  # type: ignore[union-attr]  # an error would fail here
    assert failed == []
    assert asked > 100


@pytest.mark.parametrize("path", ["/%00", "/subscriptions/%ff/x", "//", "/subscriptions/" + "a/" * 200])
def test_strange_paths(api: Api, path: str) -> None:
    assert api.ask("GET", path).status_code == 404
