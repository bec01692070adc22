"""The broker itself; findings about it are in tests/cases/manifests/broker_*.case."""

import pytest

from tidegate.resources.broker import Persistence
from tidegate.resources.defaults import DEFAULT_BROKER


def test_the_defaults_are_those_of_azure_iot_operations() -> None:
    assert DEFAULT_BROKER.spec.advanced.clients.subscriber_queue_limit.strategy == "None"
    asks = DEFAULT_BROKER.spec.persistence.dynamic_settings
    assert (asks.user_property_key, asks.user_property_value) == ("aio-persistence", "true")


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({}, "Expiring"),
        ({"subscriberQueue": {"mode": "All"}}, "Expiring"),
        ({"subscriberQueue": {"mode": "Custom"}}, "Asked"),
        ({"subscriberQueue": {"mode": "None"}}, "None"),
        ({"sessions": "Asked"}, "Asked"),
        ({"sessions": "None", "subscriberQueue": {"mode": "All"}}, "None"),
    ],
)
def test_whose_sessions_are_kept(fields: dict[str, object], kept: str) -> None:
    assert Persistence.model_validate(fields).kept_sessions == kept
