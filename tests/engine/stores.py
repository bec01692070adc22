"""A resource store and edits of it, for tests of the engine and of the command line."""

from pathlib import Path

from tests.store.resource_stores import ANNA, WALL

from tidegate.engine.changes import NOTHING, Edit, Outcome, Surroundings, apply
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings
from tidegate.store.resource_store import ResourceStore
from tidegate.store.stored import Document

SECRET: Document = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "client"},
    "data": {"a": "aHVzaA==", "b": "aHVzaA=="},
    "stringData": {"c": "hush"},
}


def declared(*texts: str, file: str = "edit.yaml") -> Manifest:
    """Read texts as one file."""
    return parse([SourceText(file, "".join(texts))])


def put(
    store: ResourceStore,
    *texts: str,
    files: Manifest = NOTHING,
    expected: dict[ResourceKey, int] | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Apply texts."""
    edit = Edit(put=declared(*texts), expected=expected or {})
    return apply(store, edit, surroundings(files), ANNA, WALL, dry_run=dry_run)


def delete(store: ResourceStore, *keys: ResourceKey, files: Manifest = NOTHING, dry_run: bool = False) -> Outcome:
    """Delete resources."""
    return apply(store, Edit(delete=keys), surroundings(files), ANNA, WALL, dry_run=dry_run)


def surroundings(files: Manifest = NOTHING) -> Surroundings:
    """Return what counts beside the store."""
    return Surroundings(settings=Settings(data_dir=Path("unused")), files=files)
