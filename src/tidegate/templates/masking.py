"""Texts to show findings with, in which the values of secret parameters are hidden.

Knows places. Does not know which parameters are secret (`parameters`).
"""

import re
from collections.abc import Iterable, Mapping

from tidegate.resources.source_map import Place

__all__ = ["masked"]


def masked(lines: Mapping[str, str], secrets: Iterable[Place]) -> dict[str, str]:
    """Return the texts, by file, with a `*` for each character of a secret; line breaks and blanks stay."""
    made = dict(lines)
    for place in secrets:
        text = made.get(place.source.file)
        if text is not None:
            start, end = place.root.start, place.root.end
            made[place.source.file] = text[:start] + re.sub(r"\S", "*", text[start:end]) + text[end:]
    return made
