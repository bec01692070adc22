"""What identifies a resource."""

from tidegate.resources.resource_key import ResourceKey


def test_it_reads_as_kubectl_writes_it() -> None:
    assert str(ResourceKey("Dataflow", "uplink")) == "Dataflow/uplink"
