"""The `default` endpoint and profile, which exist without being declared (facts 1.4.5 and 1.5).

Knows their values. Declaring a resource of the same name replaces them.
"""

from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.dataflow_profile import DataflowProfile
from tidegate.resources.kinds import CONNECTIVITY_VERSIONS

__all__ = ["BUILT_IN_CA_CONFIG_MAP", "BUILT_IN_HOST", "DEFAULT_ENDPOINT", "DEFAULT_NAME", "DEFAULT_PROFILE"]

DEFAULT_NAME = "default"
BUILT_IN_HOST = "aio-broker:18883"
BUILT_IN_CA_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"

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
                    "serviceAccountTokenSettings": {"audience": "aio-internal"},
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
