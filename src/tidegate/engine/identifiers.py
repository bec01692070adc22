"""Identifiers that nobody else makes: UUIDs of version 4 (RFC 9562).

Knows the system's source of randomness, and asks it for many at a time, because CloudEvents may need one for every message.
"""

import os
from collections.abc import Callable, Iterator

__all__ = ["new_ids"]

IDS_AT_A_TIME = 128

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The digit that says the variant keeps the two bits that are random."""


def new_ids() -> Callable[[], str]:
    """Return the function that makes an identifier. A forked process must not go on with it."""
    return _identifiers().__next__


def _identifiers() -> Iterator[str]:
    while True:
        digits = os.urandom(16 * IDS_AT_A_TIME).hex()
        for start in range(0, len(digits), 32):
            one = digits[start : start + 32]
            yield f"{one[:8]}-{one[8:12]}-4{one[13:16]}-{_VARIANT[one[16]]}{one[17:20]}-{one[20:]}"
