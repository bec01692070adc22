"""Resources of a store as declared resources, with a text that findings point into.

Knows how a stored document is shown: as YAML, contents of secrets masked. Does not know rules, or how a store is read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from tidegate.diagnostics import Diagnostic
from tidegate.engine.masking import masked
from tidegate.resources.base import Resource
from tidegate.resources.document import resource_of
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import Place, SourceMap, SourceText
from tidegate.resources.yaml_text import read_documents
from tidegate.resources.yaml_writer import write_yaml
from tidegate.store.stored import StoredResource

__all__ = ["STORE", "read_stored", "stored_file"]

STORE = "store:"
"""Begins the name under which findings speak of a stored resource, where a file's path would stand."""

Key = TypeVar("Key")
Value = TypeVar("Value")


def stored_file(key: ResourceKey) -> str:
    """Return what stands for the file of a stored resource."""
    return f"{STORE}{key}"


def read_stored(records: Iterable[StoredResource]) -> Manifest:
    """Read stored resources; what no longer validates is found as in a manifest."""
    kept = {record.key: record for record in records}
    resources: list[Resource] = []
    faulty: list[SourceText] = []
    locked: list[Diagnostic] = []
    for record in kept.values():
        try:
            resources.append(resource_of(record.document))
        except (ValueError, KeyError):
            faulty.append(_text(record))
        if record.is_locked:
            locked.append(_locked(record.key))
    again = parse(faulty)
    return Manifest(
        ResourceSet.of(
            (*resources, *again.resources.declared),
            unread=again.resources.unread,
            is_complete=again.resources.is_complete,
        ),
        SourceMap(_Made(kept, lambda record: _place(_text(record)))),
        (*again.diagnostics, *locked),
        _Made({stored_file(key): record for key, record in kept.items()}, lambda record: _text(record).text),
    )


class _Made(Mapping[Key, Value]):
    """A mapping whose values are made when they are asked for: few of many are."""

    def __init__(self, records: Mapping[Key, StoredResource], make: Callable[[StoredResource], Value]) -> None:
        self._records = records
        self._make = make

    def __getitem__(self, key: Key) -> Value:
        return self._make(self._records[key])

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __iter__(self) -> Iterator[Key]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def _text(record: StoredResource) -> SourceText:
    return SourceText(stored_file(record.key), write_yaml(masked(record.document)))


def _place(source: SourceText) -> Place:
    return Place(source, read_documents(source)[0][0])


def _locked(key: ResourceKey) -> Diagnostic:
    message = "its content is encrypted, and the key that it was encrypted with is not here or cannot be read"
    hint = "bring the key back with mode 600 (--secrets-key-file says where it lies), or create the secret anew"
    return Diagnostic("warning", "locked", message, resource=str(key), hint=hint)
