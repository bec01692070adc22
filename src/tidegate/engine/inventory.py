"""Every resource there is to show: those of the store, those of the files that an engine was given, and the built-in ones.

Knows which hides which. Does not know how anything is printed, and hands out no content of secrets.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tidegate.engine.masking import masked
from tidegate.engine.store_access import StoreAccess
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Json
from tidegate.store.stored import Document, StoredResource

__all__ = ["Entry", "inventory", "with_versions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource. `stored` is None for one that a file gives, which `file` then names, and for one that is built in;
    `document` may be shown.
    """

    key: ResourceKey
    document: Document = field(repr=False)
    stored: StoredResource | None = None
    file: str | None = None


def inventory(
    workspace: StoreAccess, kinds: Iterable[str] | None = None, *, with_built_in: bool = False
) -> list[Entry]:
    """Return the resources of some kinds, or all, in the order of kind and name.

    Args:
        with_built_in: whether those count that exist without being declared.
    """
    wanted = None if kinds is None else set(kinds)
    entries = _built_in(wanted) if with_built_in else {}
    for stored in workspace.store.resources():
        if wanted is None or stored.key.kind in wanted:
            entries[stored.key] = Entry(key=stored.key, document=masked(stored.document), stored=stored)
    if workspace.has_files:
        # Imported here: where there are no files, the models are not needed to show what is stored.
        from tidegate.resources.document import document_of

        files = workspace.files()
        for resource in files.resources.declared:
            if wanted is None or resource.key.kind in wanted:
                span = files.source_map.span(resource.key, ())
                entries[resource.key] = Entry(
                    key=resource.key,
                    document=masked(document_of(resource)),
                    file=span.file if span is not None else None,
                )
    return [entries[key] for key in sorted(entries)]


def _built_in(wanted: set[str] | None) -> dict[tuple[str, str], Entry]:
    # Imported here: the models are needed for nothing else where all is stored.
    from tidegate.resources.document import document_of
    from tidegate.resources.resource_set import ResourceSet

    every = ResourceSet.of(()).all()
    return {
        each.key: Entry(key=each.key, document=document_of(each))
        for each in every
        if wanted is None or each.kind_name in wanted
    }


def with_versions(entry: Entry) -> Document:
    """Return a document with what the store knows of it, under the names that Kubernetes has for it."""
    metadata = entry.document["metadata"]
    if entry.stored is None or not isinstance(metadata, dict):
        return entry.document
    more: dict[str, Json] = {
        "creationTimestamp": datetime.fromtimestamp(entry.stored.created_wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "generation": entry.stored.generation,
        "resourceVersion": str(entry.stored.version),
    }
    return {**entry.document, "metadata": {**metadata, **more}}
