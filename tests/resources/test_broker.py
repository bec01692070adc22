"""The broker itself; findings about it are in tests/cases/manifests/broker_*.case."""

from tidegate.resources.defaults import DEFAULT_BROKER


def test_the_defaults_are_those_of_azure_iot_operations() -> None:
    assert DEFAULT_BROKER.spec.advanced.clients.subscriber_queue_limit.strategy == "None"
