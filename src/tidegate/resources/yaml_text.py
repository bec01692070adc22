"""YAML text to nodes: JSON types only, every value with its place, nothing that can blow up.

Knows YAML's notation and its traps. Does not know resources.

The events of libyaml are read one by one, so that depth and aliases are bounded before anything is built.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Literal

import yaml

from tidegate.diagnostics import Diagnostic
from tidegate.resources.source_map import Node, SourceText

__all__ = ["DEPTH_MAX", "NODES_MAX", "read_documents"]

DEPTH_MAX = 64
NODES_MAX = 100_000

_STYLES: dict[str | None, Literal["plain", "single", "double", "literal", "folded"]] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DIGITS_MAX = 64
_TAG_PREFIX = "tag:yaml.org,2002:"
_JSON_TAGS = {_TAG_PREFIX + name for name in ("null", "bool", "int", "float", "str", "map", "seq")}
_QUOTE = "write it in quotes where a text is meant"
_TRAPS = (
    (re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"), "is a boolean in YAML 1.1 and a text in YAML 1.2",
     "write `true` or `false`, or put it in quotes"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?"), "is a date in YAML, which JSON does not have", _QUOTE),
    (re.compile(r"[-+]?0[0-9_]+|0o[0-7]+"), "looks like an octal number, which JSON does not have",
     "write the number without the leading zero, or put it in quotes where a text is meant"),
    (re.compile(r"[-+]?0x[0-9a-fA-F_]+|[-+]?0b[01_]+"), "is a hexadecimal or binary number, which JSON does not have",
     "write it as a decimal number, or put it in quotes where a text is meant"),
    (re.compile(r"[-+]?[0-9][0-9]*_[0-9_]*"), "is a number with `_`, which JSON does not have",
     "write the digits alone, or put it in quotes where a text is meant"),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), "is a number that JSON does not have", _QUOTE),
)  # fmt: skip
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class _Unreadable(Exception):
    """The rest of the text cannot be read; the finding has been recorded."""


def read_documents(source: SourceText) -> tuple[list[Node], list[Diagnostic], bool]:
    """Read all documents of a YAML or JSON text.

    Returns:
        The documents that are not empty, the findings, and whether the text was read to its end.
    """
    reader = _Reader(source)
    documents: list[Node] = []
    try:
        for document in reader.documents():
            if document.value is not None:
                documents.append(document)  # noqa: PERF401 - what came before an error is kept
    except _Unreadable:
        return documents, reader.diagnostics, False
    return documents, reader.diagnostics, True


class _Reader:
    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self._nodes = 0
        self._anchors: dict[str, Node | None] = {}
        text = source.text
        # JSON writes characters beyond U+FFFF as two escapes, which YAML does not have. Each pair becomes one YAML
        # escape that is two characters shorter; `_index` puts marks back.
        self._shortened: list[int] = []
        if text.lstrip()[:1] in ("{", "["):
            text = _SURROGATES.sub(self._one_escape, text)
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)

    def documents(self) -> Iterator[Node]:
        event = self._next()
        while not isinstance(event, yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                yield self._node(self._next(), 0)
            event = self._next()

    def _next(self) -> yaml.Event:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            index = self._index(mark.index) if mark else 0
            character = self.source.text[index : index + 1]
            opened = error.context_mark
            hint = None
            if opened is not None and (error.problem or "").startswith("did not find expected ',' or"):
                hint = f"what opens in line {self.source.span(self._index(opened.index), 0).line} is not closed"
            if character == "\t":
                hint = "indent with spaces; YAML allows no tabs there"
            elif error.problem == "mapping values are not allowed in this context":
                hint = "a text with `: ` in it stands in quotes; otherwise look at the indentation"
            problem = (error.problem or "unreadable").replace("\n", " ")
            self._error("syntax", f"the text does not parse: {problem}", index, index + 1, hint)
        except yaml.reader.ReaderError as error:
            index = self._index(error.position) if isinstance(error.position, int) else 0
            shown = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
            hint = "remove it, or write it as an escape in double quotes"
            self._error("syntax", f"the character U+{shown:04X} is not allowed here", index, index + 1, hint)
        except UnicodeEncodeError as error:
            self._error("syntax", "a lone surrogate is no character", error.start, error.start + 1, "remove it")
        raise _Unreadable

    def _node(self, event: yaml.Event, depth: int) -> Node:
        start, end = self._range(event)
        if depth > DEPTH_MAX:
            self._error("too-deep", f"values are nested more than {DEPTH_MAX} deep", start, start + 1)
            raise _Unreadable
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(str(event.anchor), start, end)
        else:
            assert isinstance(event, yaml.NodeEvent)
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event, start, end)
            elif isinstance(event, yaml.SequenceStartEvent):
                node = self._sequence(start, depth)
            else:
                node = self._mapping(start, depth)
            self._check_tag(event, node)
            if event.anchor is not None:
                self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, start: int, end: int) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            within = anchor in self._anchors
            detail = "stands inside what it repeats" if within else "has no anchor before it"
            self._error("yaml-alias", f"the alias `*{anchor}` {detail}", start, end)
            raise _Unreadable
        self._count(node.size, start, end)
        return node

    def _sequence(self, start: int, depth: int) -> Node:
        self._count(1, start, start + 1)
        items: list[Node] = []
        event = self._next()
        while not isinstance(event, yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
            event = self._next()
        return Node(items, start, self._range(event)[1], size=1 + sum(item.size for item in items))

    def _mapping(self, start: int, depth: int) -> Node:
        self._count(1, start, start + 1)
        fields: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        event = self._next()
        while not isinstance(event, yaml.MappingEndEvent):
            key_start, key_end = self._range(event)
            if not isinstance(event, yaml.ScalarEvent):
                self._error("yaml-key", "a field name is a text", key_start, key_start + 1, "write `<name>: <value>`")
                raise _Unreadable
            key = event.value
            value = self._node(self._next(), depth + 1)
            if key in fields:
                first = self.source.span(*keys[key])
                self._error(
                    "duplicate-key", f"the field `{key}` stands here twice; the first is in line {first.line}",
                    key_start, key_end, "remove one of them",
                )  # fmt: skip
            elif key == "<<" and not event.style:
                hint = "repeat the fields, or the whole value with an alias"
                self._error("yaml-merge", "`<<` merges fields, which JSON does not have", key_start, key_end, hint)
            else:
                fields[key], keys[key] = value, (key_start, key_end)
            event = self._next()
        size = 1 + sum(child.size for child in fields.values())
        return Node(fields, start, self._range(event)[1], keys=keys, size=size)

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> Node:
        self._count(1, start, end)
        text = event.value
        node = Node(text, start, end, _STYLES[event.style])
        is_text = event.tag in (_TAG_PREFIX + "str", "!") or (event.tag is None and not event.implicit[0])
        if node.style != "plain" or is_text:
            return node
        for pattern, problem, hint in _TRAPS:
            if pattern.fullmatch(text):
                self._error("yaml-type", f"the value {problem}", start, end, hint)
                node.is_faulty = True
                return node
        if text in _NULLS:
            node.value = None
        elif text in _BOOLEANS:
            node.value = _BOOLEANS[text]
        elif _INTEGER.fullmatch(text) and len(text) <= _DIGITS_MAX:
            node.value = int(text)
        elif _FLOAT.fullmatch(text):
            node.value = float(text)
            if not math.isfinite(node.value) or len(text) > _DIGITS_MAX:
                self._error("yaml-type", "the number is too large", start, end, _QUOTE)
                node.is_faulty = True
        return node

    def _check_tag(self, event: yaml.NodeEvent, node: Node) -> None:
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag != "!" and tag not in _JSON_TAGS:
            shown = "!!" + tag[len(_TAG_PREFIX) :] if tag.startswith(_TAG_PREFIX) else tag
            message = f"the YAML tag `{shown}` makes a value that JSON does not have"
            self._error("yaml-type", message, node.start, node.start + 1, "remove the tag")
            node.is_faulty = True

    def _count(self, nodes: int, start: int, end: int) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            hint = "aliases repeat what they name; split the file where it is honestly this large"
            self._error("too-many-values", f"the text holds more than {NODES_MAX} values", start, end, hint)
            raise _Unreadable

    def _error(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic("error", code, message, span=self.source.span(start, end), hint=hint))

    def _one_escape(self, match: re.Match[str]) -> str:
        character = bytes.fromhex(match[1] + match[2]).decode("utf-16-be")
        self._shortened.append(match.start() - 2 * len(self._shortened))
        return f"\\U{ord(character):08x}"

    def _range(self, event: yaml.Event) -> tuple[int, int]:
        assert event.start_mark is not None
        assert event.end_mark is not None
        return self._index(event.start_mark.index), self._index(event.end_mark.index)

    def _index(self, index: int) -> int:
        return index + 2 * bisect_left(self._shortened, index)
