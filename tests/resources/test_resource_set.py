"""Resources by kind and name."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.resources.defaults import (
    DEFAULT_AUTHENTICATION,
    DEFAULT_BROKER,
    DEFAULT_ENDPOINT,
    DEFAULT_LISTENER,
    DEFAULT_PROFILE,
)
from tidegate.resources.resource_set import ResourceSet


def test_the_default_resources_exist_without_being_declared() -> None:
    resources = ResourceSet.of([])
    assert resources.all() == (
        DEFAULT_ENDPOINT,
        DEFAULT_PROFILE,
        DEFAULT_BROKER,
        DEFAULT_LISTENER,
        DEFAULT_AUTHENTICATION,
    )
    assert not resources.declares_broker


def test_declaring_the_default_endpoint_replaces_it() -> None:
    endpoint = read_clean(DEFAULT).resources.endpoints["default"]
    assert endpoint.spec.mqtt_settings is not None
    assert endpoint.spec.mqtt_settings.host == "localhost:1883"


def test_order_does_not_depend_on_the_text() -> None:
    one, other = read_clean(CLOUD, DEFAULT, UPLINK), read_clean(UPLINK, DEFAULT, CLOUD)
    assert one.resources == other.resources
    assert list(one.resources.endpoints) == ["cloud", "default"]
