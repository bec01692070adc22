"""Digests of secrets, to see a change without keeping what changed.

Knows how to keep different lists apart. A digest of a secret is itself for comparing only, never for showing.
"""

import hashlib
from collections.abc import Iterable, Mapping

__all__ = ["digest", "digest_of_values"]


def digest(parts: Iterable[bytes]) -> bytes:
    """Make one digest of several byte strings, so that no two different lists give the same."""
    result = hashlib.sha256()
    for part in parts:
        result.update(len(part).to_bytes(8, "big"))
        result.update(part)
    return result.digest()


def digest_of_values(values: Mapping[str, bytes]) -> bytes:
    """Make one digest of a secret or config map, whatever the order of its keys."""
    return digest(part for key in sorted(values) for part in (key.encode(), values[key]))
