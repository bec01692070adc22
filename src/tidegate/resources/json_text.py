"""JSON as text: read with comments, as az and people write it, and written so that readers of YAML take it too.

Knows strings, both kinds of comments, and which characters YAML wants escaped. Does not know what the text says.
"""

import json
import re

from tidegate.resources.source_map import Json

__all__ = ["without_comments", "write_json"]

_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_json(value: Json) -> str:
    """Write a value, indented, with a line break at its end."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def without_comments(text: str) -> str:
    """Return a text of the same length in which blanks stand for comments; a comment that does not end stays."""
    return _PARTS.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    part = found.group()
    return part if part.startswith('"') else re.sub(r"[^\n]", " ", part)
