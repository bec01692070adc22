"""Manifests for tests of the engine and of the command line."""

from pathlib import Path

ENDPOINT = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowEndpoint
metadata: {{name: {name}}}
spec:
  endpointType: Mqtt
  mqttSettings:
    host: "127.0.0.1:{port}"
    tls: {{mode: Disabled}}
    authentication: {{method: Anonymous, anonymousSettings: {{}}}}
"""

FLOW = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {{name: bridge}}
spec:
  profileRef: default
  mode: {mode}
  operations:
  - operationType: Source
    sourceSettings: {{endpointRef: default, dataSources: ["{filter}"]}}
  - operationType: Destination
    destinationSettings: {{endpointRef: cloud, dataDestination: "x/${{inputTopic}}"}}
"""

PROFILE = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowProfile
metadata: {{name: default}}
spec:
  instanceCount: {instances}
  diagnostics: {{logs: {{level: "{level}"}}, metrics: {{prometheusPort: {port}}}}}
"""

SECRETS = """
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {key: hush}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: text}
"""


def write_flow(
    directory: Path,
    source_port: int = 1,
    destination_port: int = 2,
    *,
    mode: str = "Enabled",
    topic_filter: str = "t/#",
) -> Path:
    """Write one data flow from a local to another broker, both at the ports of this machine."""
    parts = [
        ENDPOINT.format(name="default", port=source_port),
        ENDPOINT.format(name="cloud", port=destination_port),
        FLOW.format(mode=mode, filter=topic_filter),
    ]
    path = directory / "flow.yaml"
    path.write_text("---".join(parts))
    return path
