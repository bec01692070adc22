"""The broker's listeners; findings about them are in tests/cases/manifests/broker_*.case."""

from tidegate.resources.defaults import DEFAULT_LISTENER


def test_the_default_is_that_of_azure_iot_operations() -> None:
    (port,) = DEFAULT_LISTENER.spec.ports
    assert (DEFAULT_LISTENER.spec.service_type, DEFAULT_LISTENER.spec.service_name) == ("ClusterIp", "aio-broker")
    assert (port.port, port.protocol, port.authentication_ref, port.authorization_ref) == (
        18883,
        "Mqtt",
        "default",
        None,
    )
    assert port.tls is not None and port.tls.mode == "Automatic"
