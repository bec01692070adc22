"""The broker's resources; their findings are in tests/cases/manifests/broker_*.case."""

from tidegate.resources.defaults import DEFAULT_AUTHENTICATION, DEFAULT_BROKER, DEFAULT_LISTENER


def test_the_defaults_are_those_of_azure_iot_operations() -> None:
    (port,) = DEFAULT_LISTENER.spec.ports
    assert (DEFAULT_LISTENER.spec.service_type, DEFAULT_LISTENER.spec.service_name) == ("ClusterIp", "aio-broker")
    assert (port.port, port.protocol, port.authentication_ref, port.authorization_ref) == (
        18883,
        "Mqtt",
        "default",
        None,
    )
    assert port.tls is not None and port.tls.mode == "Automatic"
    (method,) = DEFAULT_AUTHENTICATION.spec.authentication_methods
    assert method.service_account_token_settings is not None
    assert method.service_account_token_settings.audiences == ("aio-internal",)
    assert DEFAULT_BROKER.spec.advanced.clients.subscriber_queue_limit.strategy == "None"
