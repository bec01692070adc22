"""Resources of Azure Resource Manager as text, for tests."""

from tidegate.resources.arm import ArmResource, parse
from tidegate.resources.reading import Manifest
from tidegate.resources.source_map import Place, SourceText
from tidegate.resources.yaml_text import read_documents

ENDPOINTS = "Microsoft.IoTOperations/instances/dataflowEndpoints"
PROFILES = "Microsoft.IoTOperations/instances/dataflowProfiles"
DATAFLOWS = "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows"
LISTENERS = "Microsoft.IoTOperations/instances/brokers/listeners"

CLOUD = """{
  "extendedLocation": {"name": "somewhere", "type": "CustomLocation"},
  "properties": {
    "endpointType": "Mqtt",
    "mqttSettings": {"host": "broker.example.com:8883", "authentication": {"method": "Anonymous"}}
  }
}
"""

UPLINK = """{
  "name": "plant/line/uplink",
  "extendedLocation": {"name": "somewhere", "type": "CustomLocation"},
  "tags": {"tidegate.dev/filter-true": "pass"},
  "properties": {
    "operations": [
      {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": ["plant/#"]}},
      {"operationType": "Destination", "destinationSettings": {"endpointRef": "cloud", "dataDestination": "north"}}
    ]
  }
}
"""


def resource(text: str, arm_type: str, *names: str, version: str = "2025-10-01") -> ArmResource:
    """Return one resource as it was written."""
    source = SourceText("body.json", text)
    documents, findings, is_whole = read_documents(source)
    assert is_whole and not findings
    return ArmResource(type=arm_type, names=names, api_version=version, place=Place(source, documents[0]))


def read(text: str, arm_type: str, *names: str, version: str = "2025-10-01") -> Manifest:
    """Read one resource."""
    return parse([resource(text, arm_type, *names, version=version)])


def pointed_at(manifest: Manifest) -> list[str]:
    """Return the characters that each finding points at."""
    found = []
    for diagnostic in manifest.diagnostics:
        span = diagnostic.span
        assert span is not None
        found.append(manifest.lines[span.file].split("\n")[span.line - 1][span.column - 1 :][: span.length])
    return found
