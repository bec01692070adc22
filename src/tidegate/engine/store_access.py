"""What commands need of a store, wherever it lies: in a data directory here (`workspace`) or behind a server (`remote`).

Knows the calls. Does not know how either does them.
"""

from types import TracebackType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # whoever only reads is spared the resource models
    from tidegate.engine.changes import Edit, Outcome
    from tidegate.engine.workspace import Reached
    from tidegate.resources.manifest import Manifest
    from tidegate.resources.resource_key import ResourceKey
    from tidegate.store.stored import Author, StoredChange, StoredResource

__all__ = ["StoreAccess", "StoreReader"]


class StoreReader(Protocol):
    """Reads stored resources; see `ResourceStore`."""

    def get(self, key: "ResourceKey") -> "StoredResource | None":
        """Return one resource, None when there is none."""

    def resources(self, kind: str | None = None) -> "list[StoredResource]":
        """Return the resources of one kind, or all, in the order of kind and name."""

    def history(self, key: "ResourceKey | None" = None, *, limit: int | None = None) -> "list[StoredChange]":
        """Return changes, the latest first, of one resource or of all."""


class StoreAccess(Protocol):
    """A store, and what the engine that takes from it was given; see `Workspace`."""

    @property
    def store(self) -> StoreReader:
        """What is stored."""

    @property
    def namespace(self) -> str:
        """The one namespace that all resources live in."""

    @property
    def has_files(self) -> bool:
        """Whether files give resources to the engine."""

    def files(self) -> "Manifest":
        """Read the resources that files give."""

    def apply(self, edit: "Edit", author: "Author", now_wall: float, *, dry_run: bool = False) -> "Outcome":
        """Make an edit, or say what it would do."""

    def ring(self) -> "Reached":
        """Have the engine look at the store, and say what came of it."""

    def __enter__(self) -> "StoreAccess": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
