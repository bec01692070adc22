"""Resources as documents."""

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.resources.document import document_of, resource_of

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: client}
data: {a: b3RoZXI=, b: dGV4dA==}
stringData: {a: hush}
"""

NOISE = """
apiVersion: v1
kind: ConfigMap
status: {anything: 1}
metadata:
  uid: 1234
  name: ca
  labels: {a: b}
  resourceVersion: "7"
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
data: {k: v}
"""


def test_what_was_written_and_nothing_else() -> None:
    (endpoint,) = read_clean(CLOUD).resources.declared
    assert document_of(endpoint) == {
        "apiVersion": "connectivity.iotoperations.azure.com/v1",
        "kind": "DataflowEndpoint",
        "metadata": {"name": "cloud"},
        "spec": {
            "endpointType": "Mqtt",
            "mqttSettings": {"host": "Broker.example.com", "authentication": {"method": "Anonymous"}},
        },
    }
    (config_map,) = read_clean(NOISE).resources.declared
    document = document_of(config_map)
    assert document == {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "labels": {"a": "b"}}, "data": {"k": "v"},
    }  # fmt: skip
    assert list(document) == ["apiVersion", "kind", "metadata", "data"]


def test_annotations_of_ours_stay() -> None:
    noisy = NOISE.replace("annotations: {", "annotations: {tidegate.dev/x: y, ")
    (config_map,) = read_clean(noisy).resources.declared
    assert document_of(config_map)["metadata"] == {
        "name": "ca", "labels": {"a": "b"}, "annotations": {"tidegate.dev/x": "y"},
    }  # fmt: skip


def test_a_document_reads_back_as_the_same_resource() -> None:
    for resource in read_clean(DEFAULT, CLOUD, UPLINK).resources.declared:
        again = resource_of(document_of(resource))
        assert again == resource
        assert document_of(again) == document_of(resource)


def test_what_does_not_validate_is_an_error() -> None:
    with pytest.raises(ValueError, match="spec"):
        resource_of({"apiVersion": "x", "kind": "Dataflow", "metadata": {"name": "x"}})


def test_the_text_of_a_secret_is_kept_in_base64() -> None:
    (secret,) = read_clean(SECRET).resources.declared
    assert document_of(secret) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "client"},
        "data": {"a": "aHVzaA==", "b": "dGV4dA=="},
    }
