"""What exists without being declared: the `default` endpoint and profile, and the broker's (facts 1.4.5, 1.5 and 1.9).

Knows their values. Declaring a resource of the same name replaces them.
"""

from tidegate.resources.broker import Broker
from tidegate.resources.broker_authentication import BrokerAuthentication
from tidegate.resources.broker_listener import BrokerListener
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.dataflow_profile import DataflowProfile
from tidegate.resources.kinds import BROKER_VERSIONS, CONNECTIVITY_VERSIONS

__all__ = [
    "BUILT_IN_AUDIENCE",
    "BUILT_IN_CA_CONFIG_MAP",
    "BUILT_IN_CA_KEY",
    "BUILT_IN_HOST",
    "DEFAULT_AUTHENTICATION",
    "DEFAULT_BROKER",
    "DEFAULT_ENDPOINT",
    "DEFAULT_LISTENER",
    "DEFAULT_NAME",
    "DEFAULT_PROFILE",
]

DEFAULT_NAME = "default"
BUILT_IN_HOST = "aio-broker:18883"
BUILT_IN_AUDIENCE = "aio-internal"
BUILT_IN_CA_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"

BUILT_IN_CA_KEY = "ca.crt"

DEFAULT_ENDPOINT = DataflowEndpoint.model_validate(
    {
        "apiVersion": CONNECTIVITY_VERSIONS[0],
        "kind": "DataflowEndpoint",
        "metadata": {"name": DEFAULT_NAME},
        "spec": {
            "endpointType": "Mqtt",
            "mqttSettings": {
                "host": BUILT_IN_HOST,
                "authentication": {
                    "method": "ServiceAccountToken",
                    "serviceAccountTokenSettings": {"audience": BUILT_IN_AUDIENCE},
                },
                "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": BUILT_IN_CA_CONFIG_MAP},
            },
        },
    }
)

DEFAULT_PROFILE = DataflowProfile.model_validate(
    {
        "apiVersion": CONNECTIVITY_VERSIONS[0],
        "kind": "DataflowProfile",
        "metadata": {"name": DEFAULT_NAME},
        "spec": {"instanceCount": 1},
    }
)

DEFAULT_BROKER = Broker.model_validate(
    {"apiVersion": BROKER_VERSIONS[0], "kind": "Broker", "metadata": {"name": DEFAULT_NAME}, "spec": {}}
)

DEFAULT_LISTENER = BrokerListener.model_validate(
    {
        "apiVersion": BROKER_VERSIONS[0],
        "kind": "BrokerListener",
        "metadata": {"name": DEFAULT_NAME},
        "spec": {
            "serviceType": "ClusterIp",
            "serviceName": "aio-broker",
            "ports": ({"port": 18883, "authenticationRef": DEFAULT_NAME, "tls": {"mode": "Automatic"}},),
        },
    }
)

DEFAULT_AUTHENTICATION = BrokerAuthentication.model_validate(
    {
        "apiVersion": BROKER_VERSIONS[0],
        "kind": "BrokerAuthentication",
        "metadata": {"name": DEFAULT_NAME},
        "spec": {
            "authenticationMethods": (
                {
                    "method": "ServiceAccountToken",
                    "serviceAccountTokenSettings": {"audiences": (BUILT_IN_AUDIENCE,)},
                },
            )
        },
    }
)
