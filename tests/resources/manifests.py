"""Manifests as text, for tests of the resource model."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from tidegate.resources.kinds import KINDS
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.source_map import SourceText

DEFAULT = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata: {name: default}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: localhost:1883
    authentication: {method: Anonymous}
    tls: {mode: Disabled}
---
"""

CLOUD = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata: {name: cloud}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: Broker.example.com
    authentication: {method: Anonymous}
---
"""

UPLINK = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {name: uplink}
spec:
  profileRef: default
  operations:
    - operationType: Source
      sourceSettings: {endpointRef: default, dataSources: [plant/#]}
    - operationType: Destination
      destinationSettings: {endpointRef: cloud, dataDestination: "north/${inputTopic}"}
---
"""


def read(*texts: str) -> Manifest:
    """Parse texts as one file."""
    return parse([SourceText("manifest.yaml", "".join(texts))])


def read_clean(*texts: str) -> Manifest:
    """Parse texts that have nothing wrong with them."""
    manifest = read(*texts)
    assert manifest.diagnostics == ()
    return manifest


def models() -> Iterator[type[BaseModel]]:
    """Yield every model of every kind."""
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [row.model for row in KINDS.values()]
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in seen:
                seen.add(annotation)
                yield annotation
                waiting += [field.annotation for field in annotation.model_fields.values()]
        elif get_origin(annotation) in (tuple, dict, Union, UnionType):
            waiting += get_args(annotation)
