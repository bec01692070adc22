"""JSON with comments, as az and people write it: comments become blanks, so that every character keeps its place.

Knows strings and both kinds of comments. Does not know JSON beyond that; whoever reads the text does.
"""

import re

__all__ = ["without_comments"]

_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def without_comments(text: str) -> str:
    """Return a text of the same length in which blanks stand for comments; a comment that does not end stays."""
    return _PARTS.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    part = found.group()
    return part if part.startswith('"') else re.sub(r"[^\n]", " ", part)
