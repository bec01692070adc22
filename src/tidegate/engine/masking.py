"""Documents as they may be shown: contents of secrets are masked.

Knows where a secret has its content. Does not know who shows it.
"""

from collections.abc import Mapping

from tidegate.store.stored import Document

__all__ = ["MASK", "SECRET_FIELDS", "masked"]

MASK = "***"

SECRET_FIELDS = ("data", "stringData")
"""The fields of a Secret that hold its content."""


def masked(document: Document, before: Document | None = None) -> Document:
    """Return a document as it may be shown: of a secret, the names of the content alone, and which differ from `before`."""
    if document["kind"] != "Secret":
        return document
    shown = dict(document)
    for field in SECRET_FIELDS:
        content, old = document.get(field), before.get(field) if before is not None else None
        if isinstance(content, Mapping):
            known = old if isinstance(old, Mapping) else {}
            shown[field] = {
                name: MASK if before is None or known.get(name) == value else f"{MASK} (changed)"
                for name, value in content.items()
            }
    return shown
