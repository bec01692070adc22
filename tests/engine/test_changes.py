"""The door by which stored resources change."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.stores import declared, delete, put, surroundings
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.store.resource_stores import ANNA, WALL, store_in

from tidegate.engine.changes import Edit, apply
from tidegate.exceptions import StoreConflict
from tidegate.resources.differences import Difference
from tidegate.resources.resource_key import ResourceKey

ENDPOINT = ResourceKey("DataflowEndpoint", "cloud")
FLOW = ResourceKey("Dataflow", "uplink")
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: client}
stringData: {one: %s, two: same}
---
"""


def test_created_updated_unchanged(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    outcome = put(store, DEFAULT, CLOUD, UPLINK)
    assert not outcome.is_refused and outcome.diagnostics == () and outcome.version == 3
    assert [(each.key, each.action, each.version, each.generation) for each in outcome.changes] == [
        (FLOW, "created", 1, 1),
        (ENDPOINT, "created", 2, 1),
        (("DataflowEndpoint", "default"), "created", 3, 1),
    ]
    outcome = put(store, CLOUD.replace("    host:", "    qos: 0\n    host:"), UPLINK)
    assert [(each.key, each.action, each.generation) for each in outcome.changes] == [
        (FLOW, "unchanged", 1),
        (ENDPOINT, "updated", 2),
    ]
    assert [each.path for each in outcome.changes[1].differences] == [("spec", "mqttSettings", "qos")]
    assert (outcome.version, store.version()) == (4, 4)
    assert store.history()[0].author == ANNA and store.history()[0].at_wall == WALL


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    outcome = put(store, DEFAULT, CLOUD, UPLINK, dry_run=True)
    assert [each.action for each in outcome.changes] == ["created"] * 3
    assert (outcome.version, store.version(), store.resources()) == (0, 0, [])


def test_an_edit_with_errors_is_refused_whole(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    outcome = put(store, CLOUD, UPLINK.replace("endpointRef: cloud", "endpointRef: clout"))
    assert outcome.is_refused
    assert [each.code for each in outcome.diagnostics if each.level == "error"] == ["missing-reference"]
    assert outcome.diagnostics[0].hint == "did you mean `cloud`?"
    assert outcome.diagnostics[0].span is not None and outcome.diagnostics[0].span.file in outcome.lines
    assert put(store, "kind: [").is_refused
    assert store.version() == 0


def test_an_edit_that_breaks_another_resource_is_refused(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT, CLOUD, UPLINK)
    outcome = delete(store, ENDPOINT)
    assert outcome.is_refused
    (found,) = outcome.diagnostics
    assert (found.code, found.resource) == ("missing-reference", "Dataflow/uplink")
    assert found.span is not None and "cloud" in outcome.lines[found.span.file].split("\n")[found.span.line - 1]
    outcome = delete(store, ENDPOINT, FLOW, ResourceKey("Dataflow", "other"))
    assert [each.action for each in outcome.changes] == ["deleted", "deleted", "absent"]
    assert [each.key.name for each in store.resources()] == ["default"]


def test_an_error_that_was_there_before_keeps_no_sound_edit_out(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT, CLOUD, UPLINK)
    with store.transaction(ANNA, WALL) as transaction:
        transaction.delete(ENDPOINT)
    other = CLOUD.replace("name: cloud", "name: other")
    outcome = put(store, other)
    assert not outcome.is_refused and outcome.diagnostics == ()
    assert put(store, UPLINK.replace("plant", "mine")).is_refused
    assert not put(store, CLOUD).is_refused


def test_only_what_the_edit_is_about_is_reported(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT.replace("    host:", "    qos: 0\n    host:"), CLOUD, UPLINK)
    assert put(store, CLOUD.replace("name: cloud", "name: other")).diagnostics == ()
    # A warning that an edit brings to another resource is about the edit.
    put(store, DEFAULT)
    brought = put(store, DEFAULT.replace("    host:", "    sessionExpirySeconds: 0\n    host:")).diagnostics
    assert [each.level for each in brought] == ["warning"]


def test_versions_that_are_expected(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, CLOUD, expected={ENDPOINT: 0})
    for expected in (0, 2):
        for dry_run in (False, True):
            with pytest.raises(StoreConflict):
                put(store, CLOUD, expected={ENDPOINT: expected}, dry_run=dry_run)
    put(store, CLOUD.replace("Broker.", "Other."), expected={ENDPOINT: 1})
    assert store.version() == 2


def test_what_a_file_gives_is_read_only_and_says_which_file(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    files = declared(DEFAULT, CLOUD, file="manifests/e.yaml")
    outcome = put(store, UPLINK, CLOUD, files=files)
    assert outcome.is_refused
    (found,) = outcome.diagnostics
    assert (found.code, found.resource) == ("read-only", "DataflowEndpoint/cloud")
    assert "manifests/e.yaml, line " in found.message
    assert found.span is not None and found.span.file == "edit.yaml"
    assert delete(store, ENDPOINT, files=files).diagnostics[0].code == "read-only"
    # Files count as what a stored resource may refer to.
    assert not put(store, UPLINK, files=files).is_refused
    assert put(store, UPLINK).is_refused


def test_promise_06_a_change_of_a_secret_shows_names_only(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, SECRET % "canary-1")
    outcome = put(store, SECRET % "canary-2")
    (change,) = outcome.changes
    assert change.differences == (Difference(("data", "one"), "***", "*** (changed)"),)
    assert "canary" not in f"{outcome}"
    (change,) = delete(store, change.key).changes
    assert change.before is not None and "canary" not in f"{change}"


def test_removing_the_built_in_names_brings_back_what_is_built_in(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT)
    outcome = delete(store, ResourceKey("DataflowEndpoint", "default"))
    assert [each.action for each in outcome.changes] == ["deleted"]


def test_an_edit_of_all_there_is_expects_the_version_of_the_store(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT)
    put(store, CLOUD, UPLINK)
    version = store.version()
    # It puts and deletes at once; the endpoint could not go before the data flow.
    keys = (ResourceKey("Dataflow", "uplink"), ResourceKey("DataflowEndpoint", "cloud"))
    edit = Edit(put=declared(DEFAULT), delete=keys, store_version=version)
    put(store, SECRET % "late")
    with pytest.raises(
        StoreConflict, match=f"the store was changed by somebody else: it has version {version + 1} now"
    ):
        apply(store, edit, surroundings(), ANNA, WALL)
    assert store.get(keys[0]) is not None
    outcome = apply(store, replace(edit, store_version=version + 1), surroundings(), ANNA, WALL)
    assert [each.action for each in outcome.changes] == ["unchanged", "deleted", "deleted"]
