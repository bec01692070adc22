"""The one door by which stored resources change: the edit is validated with everything beside it, then made whole or not.

Knows that an edit may not add errors, that files hide stored resources, and what a change says. Does not know commands, HTTP
or who watches the store.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.engine.load import check
from tidegate.engine.masking import masked
from tidegate.engine.stored import read_stored
from tidegate.exceptions import StoreConflict
from tidegate.resources.differences import ABSENT, Difference, differences
from tidegate.resources.document import document_of
from tidegate.resources.finding_list import in_order
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.settings import Settings
from tidegate.store.resource_store import ANY_VERSION, ResourceStore
from tidegate.store.stored import Author, Document, StoredResource

__all__ = ["NOTHING", "Change", "ChangeAction", "Edit", "Outcome", "Surroundings", "apply"]

ChangeAction = Literal["created", "updated", "unchanged", "deleted", "absent"]
"""What becomes of a resource. `absent`: it was to be deleted and is not there."""

NOTHING = parse(())
"""What is declared where there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is to change. `put` are the resources to create or to replace as a whole, with their texts and findings;
    `expected` has the versions that resources have to have, 0 for one that may not be there; `store_version` is the one that
    the store has to have, for an edit that is about all there is.
    """

    put: Manifest = field(default_factory=lambda: NOTHING)
    delete: tuple[ResourceKey, ...] = ()
    expected: Mapping[ResourceKey, int] = field(default_factory=dict)
    store_version: int | None = None

    @property
    def keys(self) -> frozenset[ResourceKey]:
        """The resources that this is about."""
        return frozenset((*self.put.source_map.keys, *(each.key for each in self.put.resources.declared), *self.delete))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What counts beside the store: the settings, and the files that the engine was given."""

    settings: Settings
    files: Manifest = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one resource. `before` and `after` are documents as they may be shown, None where there is none;
    `version` and `generation` are those after it: 0 for a resource that is not there, or not yet.
    """

    key: ResourceKey
    action: ChangeAction
    before: Document | None
    after: Document | None
    version: int = 0
    generation: int = 0

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The fields that differ."""
        return differences(ABSENT if self.before is None else self.before, ABSENT if self.after is None else self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an edit does, or would do. `is_refused`: it has errors, and nothing was changed.

    `diagnostics` are the findings about the edited resources, and those that the edit brings to others; `lines` are texts to
    show them with. `version` is the store's.
    """

    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]
    lines: Mapping[str, str]
    version: int
    is_refused: bool


def apply(
    store: ResourceStore,
    edit: Edit,
    surroundings: Surroundings,
    author: Author,
    now_wall: float,
    *,
    dry_run: bool = False,
) -> Outcome:
    """Make an edit, or with `dry_run` say what it would do.

    It is refused when it has errors itself, or brings errors to other resources; an error that others had before does not
    keep a sound edit out. Blocks, on the disk and on other writers.

    Raises:
        StoreConflict: a resource, or the store, does not have the expected version.
        StoreFailed, CredentialError: the store cannot be written, or the key of secrets not used.
    """
    if dry_run:
        return _judge(store, edit, surroundings)
    with store.transaction(author, now_wall) as transaction:
        judged = _judge(store, edit, surroundings)
        if judged.is_refused:
            return judged
        made = []
        documents = {each.key: document_of(each) for each in edit.put.resources.declared}
        for change in judged.changes:
            if change.key in documents:
                kept = transaction.put(documents[change.key])
                made.append(replace(change, version=kept.version, generation=kept.generation))
            else:
                transaction.delete(change.key)
                made.append(change)
        version = store.version()
    return replace(judged, changes=tuple(made), version=version)


def _judge(store: ResourceStore, edit: Edit, surroundings: Surroundings) -> Outcome:
    """Say what an edit would do to the store as it is."""
    records = {record.key: record for record in store.resources()}
    for key, expected in edit.expected.items():
        found = records[key].version if key in records else 0
        if expected not in (ANY_VERSION, found):
            raise StoreConflict(str(key), expected, found)
    version = store.version()
    if edit.store_version not in (None, version):
        raise StoreConflict("the store", edit.store_version, version)
    files = surroundings.files
    untouched = [record for key, record in records.items() if key not in edit.keys]
    world = edit.put.over(files).over(read_stored(_beside(untouched, files)))
    found_after = (*_read_only(edit, files), *check(world, surroundings.settings))
    about_edit = {str(key) for key in edit.keys}
    ours = [each for each in found_after if each.resource in about_edit or each in edit.put.diagnostics]
    others = [each for each in found_after if each not in ours]
    if others:
        before = check(files.over(read_stored(_beside(records.values(), files))), surroundings.settings)
        known = Counter(map(_what, before))
        known.subtract(map(_what, ours))
        for each in others:
            known[_what(each)] -= 1
            if known[_what(each)] < 0:
                ours.append(each)
    diagnostics = in_order(ours)
    return Outcome(
        changes=tuple(_changes(edit, records)),
        diagnostics=diagnostics,
        lines=world.lines,
        version=version,
        is_refused=has_errors(diagnostics),
    )


def _changes(edit: Edit, records: Mapping[ResourceKey, StoredResource]) -> Iterator[Change]:
    for resource in edit.put.resources.declared:
        document = document_of(resource)
        before = records.get(resource.key)
        old = before.document if before is not None else None
        action: ChangeAction = "created" if old is None else "updated" if differences(old, document) else "unchanged"
        yield Change(
            key=resource.key,
            action=action,
            before=None if old is None else masked(old),
            after=masked(document, old),
            version=before.version if before is not None else 0,
            generation=before.generation if before is not None else 0,
        )
    for key in edit.delete:
        before = records.get(key)
        shown = masked(before.document) if before is not None else None
        yield Change(key=key, action="absent" if before is None else "deleted", before=shown, after=None)


def _read_only(edit: Edit, files: Manifest) -> Iterator[Diagnostic]:
    """Find resources that a file gives: an edit in the store would have no effect."""
    for key in sorted(edit.keys & files.source_map.keys):
        place = files.source_map.key_span(key, ("metadata", "name"))
        where = f"{place.file}, line {place.line}" if place is not None else "a file"
        message = f"{key} is given to the engine by a file, {where}, and is read-only here"
        span = edit.put.source_map.key_span(key, ("metadata", "name"))
        hint = f"edit {place.file if place is not None else 'that file'}, or remove the resource from it first"
        yield Diagnostic("error", "read-only", message, "metadata.name", str(key), span, hint)


def _beside(records: Iterable[StoredResource], files: Manifest) -> Iterator[StoredResource]:
    """Return the stored resources that no file hides."""
    in_files = files.source_map.keys
    return (record for record in records if record.key not in in_files)


def _what(diagnostic: Diagnostic) -> tuple[str, str, str]:
    """Return what a finding is about, wherever it stands and whatever else there is that its sentence names."""
    return diagnostic.code, diagnostic.resource, diagnostic.path
