"""The form in which a store's resources and changes travel between the HTTP API and a command elsewhere.

Knows names and types of fields. Does not know HTTP, or who may ask for what.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tidegate.diagnostics import Diagnostic
from tidegate.engine.changes import Change, ChangeAction, Outcome
from tidegate.engine.masking import SECRET_FIELDS
from tidegate.engine.workspace import ReachedHow
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import Action, Author, Document, StoredChange, StoredResource

__all__ = [
    "HISTORY_MAX",
    "STORE_PATH",
    "AskedEdit",
    "Held",
    "MadeEdit",
    "SentChange",
    "SentFile",
    "SentResource",
    "SentStep",
    "sent_name",
]

STORE_PATH = "/tidegate/store"
"""Where the store is served; the history at `/history` and edits at `/edit` below it."""

HISTORY_MAX = 10_000
"""How many changes are sent at most."""

_Document = dict[str, Any]  # Any: JSON


def sent_name(number: int) -> str:
    """Return what stands for the file of a text that was sent."""
    return f"sent:{number}"


class SentResource(msgspec.Struct, kw_only=True):
    """A `StoredResource`, without contents of secrets."""

    key: ResourceKey
    document: _Document
    version: int
    generation: int
    created_wall: float
    created_by: str
    changed_wall: float
    changed_by: str
    is_locked: bool

    @staticmethod
    def of(record: StoredResource) -> "SentResource":
        """Return a resource as it may be sent."""
        return SentResource(
            key=record.key,
            document=_without_content(record.document),
            version=record.version,
            generation=record.generation,
            created_wall=record.created_wall,
            created_by=record.created_by,
            changed_wall=record.changed_wall,
            changed_by=record.changed_by,
            is_locked=record.is_locked,
        )

    def stored(self) -> StoredResource:
        """Return what was sent."""
        return StoredResource(**msgspec.structs.asdict(self))


class SentChange(msgspec.Struct, kw_only=True):
    """A `StoredChange`, without contents of secrets: those are told as locked."""

    version: int
    key: ResourceKey
    action: Action
    generation: int
    at_wall: float
    author: Author
    document: _Document | None
    is_locked: bool

    @staticmethod
    def of(change: StoredChange) -> "SentChange":
        """Return a change as it may be sent."""
        return SentChange(
            version=change.version,
            key=change.key,
            action=change.action,
            generation=change.generation,
            at_wall=change.at_wall,
            author=change.author,
            document=None if change.document is None else _without_content(change.document),
            # Nobody can go back to a content that is not here.
            is_locked=change.is_locked or change.key.kind == "Secret",
        )

    def stored(self) -> StoredChange:
        """Return what was sent."""
        return StoredChange(**msgspec.structs.asdict(self))


class SentFile(msgspec.Struct, kw_only=True):
    """A resource that a file gives to the engine."""

    file: str
    document: _Document


class Held(msgspec.Struct, kw_only=True):
    """All that there is to show."""

    namespace: str
    resources: list[SentResource]
    files: list[SentFile]


class AskedEdit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An `Edit`: `put` are texts of manifests, which findings call by `sent_name` of their number."""

    put: list[str] = []
    delete: list[ResourceKey] = []
    expected: list[tuple[ResourceKey, int]] = []
    store_version: int | None = None
    means: str
    is_dry_run: bool = False


class SentStep(msgspec.Struct, kw_only=True):
    """A `Change`."""

    key: ResourceKey
    action: ChangeAction
    before: _Document | None
    after: _Document | None
    version: int
    generation: int

    @staticmethod
    def of(change: Change) -> "SentStep":
        """Return a change as it is sent; its documents are masked already."""
        return SentStep(
            key=change.key,
            action=change.action,
            before=None if change.before is None else dict(change.before),
            after=None if change.after is None else dict(change.after),
            version=change.version,
            generation=change.generation,
        )


class MadeEdit(msgspec.Struct, kw_only=True):
    """An `Outcome`, and how it reached the engine. `lines` are those of other texts than the ones that were sent."""

    changes: list[SentStep]
    diagnostics: list[Diagnostic]
    lines: dict[str, str]
    version: int
    is_refused: bool
    reached: ReachedHow
    errors: list[str]

    def outcome(self, diagnostics: tuple[Diagnostic, ...]) -> Outcome:
        """Return what became of the edit, with its findings as the sender knows their places."""
        changes = tuple(Change(**msgspec.structs.asdict(each)) for each in self.changes)
        return Outcome(
            changes=changes,
            diagnostics=diagnostics,
            lines=self.lines,
            version=self.version,
            is_refused=self.is_refused,
        )


def _without_content(document: Document) -> _Document:
    """Return a document with nothing under the keys of a secret, in a form that is still one of a secret."""
    shown = dict(document)
    if document["kind"] == "Secret":
        for name in SECRET_FIELDS:
            content = document.get(name)
            if isinstance(content, Mapping):
                shown[name] = dict.fromkeys(content, "")
    return shown
