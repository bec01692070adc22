"""Everything that an engine takes resources from."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.engine.manifests import write_flow
from tests.engine.stores import put
from tests.engine.test_store_feed import feed_of
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.store.resource_stores import ANNA, WALL, store_in

from tidegate.engine.data_directory import DataDirectory, sessions_path
from tidegate.engine.declared import Declared, Rejected
from tidegate.engine.reachable import write_reachable
from tidegate.engine.schema_folder import SchemaFolder
from tidegate.engine.session_records import SessionRecords
from tidegate.engine.sources import Sources
from tidegate.engine.store_feed import resources_path
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.schema_reference import SchemaReference
from tidegate.settings import Settings


def test_files_and_the_store_together_and_a_file_hides_what_is_stored(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    put(store, DEFAULT, CLOUD, UPLINK)
    (tmp_path / "manifests").mkdir()
    sources = Sources([str(tmp_path / "manifests")], Settings(data_dir=tmp_path / "data"), feed_of(tmp_path))
    file = write_flow(tmp_path / "manifests")
    loaded = sources.load()
    assert loaded.plan is not None
    assert [flow.name for flow in loaded.plan.flows] == ["bridge", "uplink"]
    hidden = [each for each in loaded.diagnostics if each.code == "hidden"]
    assert [each.resource for each in hidden] == ["DataflowEndpoint/default", "DataflowEndpoint/cloud"]
    assert hidden[0].span is not None and hidden[0].span.file == str(file)
    assert loaded.resources.endpoints["cloud"].spec.mqtt_settings is not None
    assert loaded.resources.endpoints["cloud"].spec.mqtt_settings.host == "127.0.0.1:2"


def test_the_signature_is_of_files_alone(tmp_path: Path) -> None:
    sources = Sources([str(tmp_path)], Settings(data_dir=tmp_path / "data"), None)
    before = sources.signature()
    write_flow(tmp_path)
    assert sources.signature() != before


def test_the_signature_is_of_schemas_too(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", schemas_dir=tmp_path / "schemas")
    sources = Sources([], settings, None)
    before = sources.signature()
    SchemaFolder(tmp_path / "schemas").add(SchemaReference("plant", "oven", None), "{}")
    assert sources.signature() != before


def test_what_the_engine_keeps_below_its_manifests_is_no_edit(tmp_path: Path) -> None:
    write_flow(tmp_path)
    sources = Sources([str(tmp_path)], Settings(data_dir=tmp_path / "data"), None)
    before = sources.signature()
    with DataDirectory(tmp_path / "data") as directory:
        records = SessionRecords(sessions_path(directory.path))
        records.record("one", ("a/#",))
        records.close()
        write_reachable(directory.path, [])
        assert sources.signature() == before
        assert isinstance(sources.reload(), Declared)
    assert sources.signature() == before, "and not once it has stopped"


def test_a_reload_says_what_is_wrong(tmp_path: Path) -> None:
    store, feed = store_in(tmp_path), feed_of(tmp_path)
    sources = Sources([], Settings(data_dir=tmp_path / "data"), feed)
    put(store, DEFAULT, CLOUD, UPLINK)
    assert isinstance(sources.reload(), Declared)
    with store.transaction(ANNA, WALL) as transaction:
        transaction.delete(ResourceKey("DataflowEndpoint", "cloud"))
    found = sources.reload()
    assert isinstance(found, Rejected)
    assert found.errors[0].startswith("store:Dataflow/uplink:15:")
    with closing(sqlite3.connect(resources_path(tmp_path / "data"))) as database:
        database.executescript("DROP TABLE resource;")
    found = sources.reload()
    assert isinstance(found, Rejected) and "the resource store cannot be read" in found.errors[0]
