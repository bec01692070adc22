"""What a resource store gives out: resources and changes as they lie in it, as frozen values.

Knows documents as JSON, versions and times. Does not know what a kind means, or how anything is stored (`resource_store`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Json

__all__ = ["Action", "Author", "Cipher", "Document", "StoredChange", "StoredResource"]

Document = Mapping[str, Json]
"""A resource as a Kubernetes manifest: apiVersion, kind, metadata, and spec or data."""

Action = Literal["created", "updated", "deleted"]


class Author(NamedTuple):
    """Who changes something (a user of the machine, or of an API), and by what (`tidegate apply`, `rollback to 7`)."""

    name: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResource:
    """One resource as it is now.

    `version` is that of its last change, unique over the whole store: the ETag. `generation` counts changes of what it
    says, and begins at 1. Times are seconds since 1970. `is_locked`: its content is encrypted and the key is not here;
    the document then has its keys, with nothing under them.
    """

    key: ResourceKey
    document: Document = field(repr=False)
    version: int
    generation: int
    created_wall: float
    created_by: str
    changed_wall: float
    changed_by: str
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChange:
    """One change. `document` is what the resource said after it, None when it was deleted."""

    version: int
    key: ResourceKey
    action: Action
    generation: int
    at_wall: float
    author: Author
    document: Document | None = field(repr=False)
    is_locked: bool = False


class Cipher(Protocol):
    """Encrypts what must not be read in a copy of the file. `context` binds a text to the place it belongs to."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes, context: bytes) -> bytes | None:
        """Decrypt; None where the key is not here, is another, or the text was tampered with."""
