"""JSON values as YAML text: block style, the order kept, nothing that reads back as something else.

Knows how `yaml_text` reads, and quotes whatever would be read as anything but the same text. Does not know resources.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from tidegate.resources.source_map import Json

__all__ = ["write_documents", "write_yaml"]

# What is surely a plain text: begins with a letter or one of a few signs, and holds no `: `, ` #` or bracket that matters.
_PLAIN = re.compile(r"[A-Za-z_/$.][\w/$.@+*()<>=~^;{}\[\],-]*(?:[ :](?! )[\w/$.@+*()<>=~^;{}-]+)*")
_READ_AS_SOMETHING_ELSE = re.compile(r"null|true|false|yes|no|on|off|y|n|\.(?:inf|nan)|[.\d].*|\.\.\.", re.IGNORECASE)
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write_documents(documents: Sequence[Json]) -> str:
    """Write several values, with `---` between them."""
    return "---\n".join(map(write_yaml, documents))


def write_yaml(value: Json) -> str:
    """Write one value."""
    return "\n".join(_lines(value, 0)) + "\n"


def _lines(value: Json, indentation: int) -> Iterator[str]:
    """Yield the lines of a value that stands on lines of its own."""
    space = " " * indentation
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _child(f"{space}{_text(key)}:", child, indentation)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for child in value:
            if isinstance(child, Mapping) and child:
                lines = list(_lines(child, indentation + 2))
                yield f"{space}- {lines[0].lstrip(' ')}"
                yield from lines[1:]
            else:
                yield from _child(f"{space}-", child, indentation)
    else:
        yield space + _scalar(value)


def _child(head: str, child: Json, indentation: int) -> Iterator[str]:
    if isinstance(child, str) and _is_literal(child):
        yield from _literal(head, child, " " * (indentation + 2))
    elif isinstance(child, Mapping | Sequence) and not isinstance(child, str) and child:
        yield head
        # Items of a list stand at the column of its key, as kubectl writes them.
        is_item = head.endswith("-")
        yield from _lines(child, indentation + (2 if is_item or isinstance(child, Mapping) else 0))
    else:
        yield f"{head} {_scalar(child)}"


def _is_literal(text: str) -> bool:
    has_lines = "\n" in text[:-1] and not text.startswith((" ", "\n", "\t"))
    return has_lines and all(each.isprintable() or each in "\n\t" for each in text)


def _literal(head: str, text: str, space: str) -> Iterator[str]:
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    yield f"{head} |{'-' if breaks == 0 else '' if breaks == 1 else '+'}"
    for line in [*body.split("\n"), *[""] * (breaks - 1)]:
        yield space + line if line else ""


def _scalar(value: Json) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _READ_AS_SOMETHING_ELSE.fullmatch(text):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    number = ord(character)
    if character.isprintable():
        return character
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x1_0000 else f"\\U{number:08x}"
