"""Kubernetes manifests: texts to resources, with the place of every field and all findings at once.

Knows documents, `List`, kinds and versions, and that a document may be a resource of Azure Resource Manager (`arm`). Does not
know how one resource is judged (`reading`), rules across resources (`references`) or files.
"""

import re
from collections.abc import Iterable, Iterator

from tidegate.diagnostics import Diagnostic
from tidegate.resources.arm import is_arm, read_document
from tidegate.resources.findings import closest, enumerate_words, show
from tidegate.resources.kinds import KINDS, KINDS_WITHOUT_EFFECT
from tidegate.resources.reading import Manifest, Reading
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.resources.yaml_text import read_documents

__all__ = ["Manifest", "parse"]

_NOT_SECRET = (("apiVersion",), ("kind",), ("type",), ("metadata", "name"), ("metadata", "namespace"))
_LOOKS_SECRET = re.compile(r"""["']?kind["']?\s*:\s*["']?Secret\b""")


def parse(sources: Iterable[SourceText]) -> Manifest:
    """Read texts, each with any number of documents. A text that does not parse spoils no other."""
    reader = _Reader()
    for source in sources:
        reader.read(source)
    return reader.reading.manifest()


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()

    def read(self, source: SourceText) -> None:
        documents, diagnostics, is_whole = read_documents(source)
        self.reading.diagnostics += diagnostics
        self.reading.is_complete = self.reading.is_complete and is_whole
        secrets: list[Node] = []
        for document in documents:
            self._document(Place(source, document), secrets)
        if is_whole or not _LOOKS_SECRET.search(source.text):
            self.reading.lines[source.file] = _masked(source.text, secrets)

    def _document(self, place: Place, secrets: list[Node]) -> None:
        kind = _text(place.root.child("kind"))
        items = place.root.child("items")
        if kind is not None and kind.endswith("List") and items is not None and isinstance(items.value, list):
            for item in items.value:
                self._document(Place(place.source, item), secrets)
        elif is_arm(place.root):
            read_document(place, self.reading)
        elif not isinstance(place.root.value, dict):
            message = (
                f"a resource is a mapping with apiVersion, kind, metadata and spec; this is {show(place.root.plain())}"
            )
            self.reading.error("not-a-resource", message, place, ())
        else:
            if kind == "Secret":
                secrets.append(place.root)
            self._resource(kind, place)

    def _resource(self, kind: str | None, place: Place) -> None:
        name_node = place.root.child("metadata")
        name = _text(name_node.child("name")) if name_node is not None else None
        key = ResourceKey(kind or "", name or "")
        if not self._check_type(key, place):
            self.reading.unread |= {ResourceKey(known, key.name) for known in KINDS}
            return
        if key.kind in KINDS_WITHOUT_EFFECT:
            message = f"{key.kind} has no effect yet; nothing of it runs"
            found = Diagnostic("warning", "no-effect", message, "kind", str(key), place.span(("kind",)))
            self.reading.diagnostics.append(found)
            return
        self.reading.take(key, place)

    def _check_type(self, key: ResourceKey, place: Place) -> bool:
        """Check apiVersion and kind; return whether the kind is known."""
        versions_of = {**{kind: row.api_versions for kind, row in KINDS.items()}, **KINDS_WITHOUT_EFFECT}
        version = _text(place.root.child("apiVersion"))
        if key.kind not in versions_of:
            kind = place.root.child("kind")
            if kind is None:
                self.reading.error(
                    "missing-field", "the resource has no kind, which is required", place, ("kind",), hint="add `kind`"
                )
            else:
                meant = closest(key.kind, list(versions_of))
                hint = f"did you mean `{meant}`?" if meant else "keep manifests of other kinds in another folder"
                message = f"kind is {show(kind.plain())}; known are {enumerate_words(list(versions_of))}"
                self.reading.error("kind", message, place, ("kind",), hint=hint)
            return False
        allowed = versions_of[key.kind]
        if place.root.child("apiVersion") is None:
            hint = f"add `apiVersion: {allowed[0]}`"
            message = f"the {key.kind} has no apiVersion, which is required"
            self.reading.error("missing-field", message, place, ("apiVersion",), key, hint)
        elif version is not None and version not in allowed:
            meant = closest(version, allowed)
            hint = f"did you mean `{meant}`?" if meant else f"write `{allowed[0]}`"
            be = "are" if len(allowed) > 1 else "is"
            message = f"apiVersion is {show(version)}; allowed for {key.kind} {be} {enumerate_words(allowed)}"
            self.reading.error("api-version", message, place, ("apiVersion",), key, hint)
        return True


def _text(node: Node | None) -> str | None:
    return node.value if node is not None and isinstance(node.value, str) else None


def _masked(text: str, secrets: list[Node]) -> str:
    """Mask everything in documents that declare secrets, but for field names and what says which resource it is."""
    parts: list[str] = []
    position = 0
    for document in sorted(secrets, key=lambda node: node.start):
        shown = list(_names(document))
        for path in _NOT_SECRET:
            node: Node | None = document
            for step in path:
                node = node.child(step) if node is not None else None
            if node is not None and not isinstance(node.value, dict | list):
                shown.append((node.start, node.end))
        parts.append(text[position : document.start])
        position = document.start
        for start, end in sorted(shown):
            parts.append(re.sub(r"\S", "*", text[position:start]))
            parts.append(text[max(start, position) : end])
            position = max(position, end)
        parts.append(re.sub(r"\S", "*", text[position : document.end]))
        position = document.end
    return "".join(parts) + text[position:]


def _names(node: Node, depth: int = 2) -> Iterator[tuple[int, int]]:
    """Yield where the names of fields and keys of a secret stand, each with its colon; what is deeper is a value already."""
    if isinstance(node.value, dict) and depth:
        yield from ((start, end + 1) for start, end in node.keys.values())
        for child in node.value.values():
            yield from _names(child, depth - 1)
