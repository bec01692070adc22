"""`engine/store_access.py`: a store here and one behind a server answer the same calls."""

from pathlib import Path

from tests.resources.manifests import CLOUD
from tests.web.served import served

from tidegate.engine.changes import Edit
from tidegate.engine.remote import RemoteWorkspace
from tidegate.engine.store_access import StoreAccess
from tidegate.resources.manifest import parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText
from tidegate.store.stored import Author


def test_both_are_one_to_a_command(tmp_path: Path) -> None:
    with served(tmp_path) as (api, server):

        def ways() -> tuple[StoreAccess, StoreAccess]:
            return api.workspace(), RemoteWorkspace(server)

        for way in ways():
            with way as access:
                put = parse([SourceText("cloud.yaml", CLOUD)])
                outcome = access.apply(Edit(put=put), Author("me", "test"), 0.0)
                assert [each.key.name for each in outcome.changes] == ["cloud"]
                assert access.store.get(ResourceKey("DataflowEndpoint", "cloud")) is not None
                assert (access.namespace, access.has_files) == ("azure-iot-operations", False)
                assert access.files().resources.declared == ()
                assert access.ring().how == "no-engine"
                assert len(access.store.history()) == 1
