"""The kinds that manifests may declare, a row each.

Knows names, versions and models. Does not know how text becomes a model (`manifest`).
"""

from dataclasses import dataclass

from tidegate.resources.base import Resource
from tidegate.resources.broker import Broker
from tidegate.resources.broker_authentication import BrokerAuthentication
from tidegate.resources.broker_authorization import BrokerAuthorization
from tidegate.resources.broker_listener import BrokerListener
from tidegate.resources.core import ConfigMap, Secret
from tidegate.resources.dataflow import Dataflow
from tidegate.resources.dataflow_endpoint import DataflowEndpoint
from tidegate.resources.dataflow_profile import DataflowProfile

__all__ = ["BROKER_VERSIONS", "CONNECTIVITY_VERSIONS", "KINDS", "KINDS_WITHOUT_EFFECT", "Kind"]

CONNECTIVITY_VERSIONS = (
    "connectivity.iotoperations.azure.com/v1",
    "connectivity.iotoperations.azure.com/v1beta1",
)
BROKER_VERSIONS = ("mqttbroker.iotoperations.azure.com/v1", "mqttbroker.iotoperations.azure.com/v1beta1")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `is_secret`: its content is shown nowhere; `is_ours`: its names follow the rule of facts 1.2."""

    model: type[Resource]
    api_versions: tuple[str, ...]
    is_ours: bool = True
    is_secret: bool = False


KINDS = {
    "DataflowEndpoint": Kind(DataflowEndpoint, CONNECTIVITY_VERSIONS),
    "Dataflow": Kind(Dataflow, CONNECTIVITY_VERSIONS),
    "DataflowProfile": Kind(DataflowProfile, CONNECTIVITY_VERSIONS),
    "Broker": Kind(Broker, BROKER_VERSIONS),
    "BrokerListener": Kind(BrokerListener, BROKER_VERSIONS),
    "BrokerAuthentication": Kind(BrokerAuthentication, BROKER_VERSIONS),
    "BrokerAuthorization": Kind(BrokerAuthorization, BROKER_VERSIONS),
    "Secret": Kind(Secret, ("v1",), is_ours=False, is_secret=True),
    "ConfigMap": Kind(ConfigMap, ("v1",), is_ours=False),
}

KINDS_WITHOUT_EFFECT = {
    "DataflowGraph": CONNECTIVITY_VERSIONS,
    "RegistryEndpoint": CONNECTIVITY_VERSIONS,
}
"""Kinds of Azure IoT Operations that are read over with a warning, and their versions."""
