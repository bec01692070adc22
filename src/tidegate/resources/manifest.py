"""Kubernetes manifests: texts to resources, with the place of every field and all findings at once.

Knows documents, `List`, kinds, versions and names. Does not know rules across resources (`references`) or files.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from tidegate.diagnostics import Diagnostic
from tidegate.resources.base import Resource, ResourceKey
from tidegate.resources.findings import closest, diagnose, enumerate_words, show
from tidegate.resources.kinds import KINDS, KINDS_WITHOUT_EFFECT
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath, Node, Place, SourceMap, SourceText, path_text
from tidegate.resources.values import kubernetes_name_error, resource_name_error
from tidegate.resources.yaml_text import read_documents

__all__ = ["Manifest", "parse"]

_NOT_SECRET = (("apiVersion",), ("kind",), ("type",), ("metadata", "name"), ("metadata", "namespace"))
_LOOKS_SECRET = re.compile(r"""["']?kind["']?\s*:\s*["']?Secret\b""")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What texts declare. `lines` are the texts that may be shown with findings: contents of secrets are masked, and a
    text that might hold one where nobody knows is left out.
    """

    resources: ResourceSet
    source_map: SourceMap
    diagnostics: tuple[Diagnostic, ...]
    lines: Mapping[str, str]

    def over(self, other: "Manifest") -> "Manifest":
        """Return what both declare; a resource that both have is this one's."""
        here = self.source_map.keys
        resources = ResourceSet.of(
            (*self.resources.declared, *(each for each in other.resources.declared if each.key not in here)),
            unread=self.resources.unread | (other.resources.unread - here),
            is_complete=self.resources.is_complete and other.resources.is_complete,
        )
        return Manifest(
            resources,
            self.source_map.over(other.source_map),
            (*self.diagnostics, *other.diagnostics),
            ChainMap(self.lines, other.lines),  # type: ignore[arg-type]  # nobody writes to it
        )


def parse(sources: Iterable[SourceText]) -> Manifest:
    """Read texts, each with any number of documents. A text that does not parse spoils no other."""
    reader = _Reader()
    for source in sources:
        reader.read(source)
    resources = ResourceSet.of(
        reader.resources.values(), unread=frozenset(reader.unread), is_complete=reader.is_complete
    )
    return Manifest(resources, SourceMap(reader.places), tuple(reader.diagnostics), reader.lines)


class _Reader:
    def __init__(self) -> None:
        self.resources: dict[ResourceKey, Resource] = {}
        self.unread: set[ResourceKey] = set()
        self.places: dict[ResourceKey, Place] = {}
        self.diagnostics: list[Diagnostic] = []
        self.lines: dict[str, str] = {}
        self.is_complete = True

    def read(self, source: SourceText) -> None:
        documents, diagnostics, is_whole = read_documents(source)
        self.diagnostics += diagnostics
        self.is_complete = self.is_complete and is_whole
        secrets: list[Node] = []
        for document in documents:
            self._document(Place(source, document), secrets)
        if is_whole or not _LOOKS_SECRET.search(source.text):
            self.lines[source.file] = _masked(source.text, secrets)

    def _document(self, place: Place, secrets: list[Node]) -> None:
        kind = _text(place.root.child("kind"))
        items = place.root.child("items")
        if kind is not None and kind.endswith("List") and items is not None and isinstance(items.value, list):
            for item in items.value:
                self._document(Place(place.source, item), secrets)
        elif not isinstance(place.root.value, dict):
            message = (
                f"a resource is a mapping with apiVersion, kind, metadata and spec; this is {show(place.root.plain())}"
            )
            self._error("not-a-resource", message, place, ())
        else:
            if kind == "Secret":
                secrets.append(place.root)
            self._resource(kind, place)

    def _resource(self, kind: str | None, place: Place) -> None:
        name_node = place.root.child("metadata")
        name = _text(name_node.child("name")) if name_node is not None else None
        key = ResourceKey(kind or "", name or "")
        if not self._check_type(key, place):
            self.unread |= {ResourceKey(known, key.name) for known in KINDS}
            return
        if key.kind in KINDS_WITHOUT_EFFECT:
            message = f"{key.kind} has no effect yet; nothing of it runs"
            self._add(Diagnostic("warning", "no-effect", message, "kind", str(key), place.span(("kind",))))
            return
        row = KINDS[key.kind]
        if name is not None:
            error = resource_name_error(name) if row.is_ours else kubernetes_name_error(name)
            if error is not None:
                self._error("name", f"name is {show(name)}: {error}", place, ("metadata", "name"), key)
            if key in self.places:
                self._duplicate(key, place)
                return
        try:
            resource = row.model.model_validate(place.root.plain())
        except ValidationError as error:
            label = str(key) if name else key.kind
            # A missing apiVersion was told above, with the very line to add.
            errors = [
                each
                for each in error.errors(include_url=False)
                if each["loc"] != ("apiVersion",) or each["type"] != "missing"
            ]
            found = diagnose(errors, row.model, place, label, is_secret=row.is_secret)
            self.diagnostics += found
            self.unread.add(key)
        else:
            self.resources[key] = resource
        self.places[key] = place

    def _check_type(self, key: ResourceKey, place: Place) -> bool:
        """Check apiVersion and kind; return whether the kind is known."""
        versions_of = {**{kind: row.api_versions for kind, row in KINDS.items()}, **KINDS_WITHOUT_EFFECT}
        version = _text(place.root.child("apiVersion"))
        if key.kind not in versions_of:
            kind = place.root.child("kind")
            if kind is None:
                self._error(
                    "missing-field", "the resource has no kind, which is required", place, ("kind",), hint="add `kind`"
                )
            else:
                meant = closest(key.kind, list(versions_of))
                hint = f"did you mean `{meant}`?" if meant else "keep manifests of other kinds in another folder"
                message = f"kind is {show(kind.plain())}; known are {enumerate_words(list(versions_of))}"
                self._error("kind", message, place, ("kind",), hint=hint)
            return False
        allowed = versions_of[key.kind]
        if place.root.child("apiVersion") is None:
            hint = f"add `apiVersion: {allowed[0]}`"
            message = f"the {key.kind} has no apiVersion, which is required"
            self._error("missing-field", message, place, ("apiVersion",), key, hint)
        elif version is not None and version not in allowed:
            meant = closest(version, allowed)
            hint = f"did you mean `{meant}`?" if meant else f"write `{allowed[0]}`"
            be = "are" if len(allowed) > 1 else "is"
            message = f"apiVersion is {show(version)}; allowed for {key.kind} {be} {enumerate_words(allowed)}"
            self._error("api-version", message, place, ("apiVersion",), key, hint)
        return True

    def _duplicate(self, key: ResourceKey, place: Place) -> None:
        first = self.places[key].span(("metadata", "name"))
        message = f"{key} is declared twice; the first is in {first.file}, line {first.line}"
        hint = "rename or remove one of them"
        if key.kind == "Dataflow":
            hint = "data flow names are unique over all profiles; rename or remove one of them"
        self._error("duplicate-resource", message, place, ("metadata", "name"), key, hint)

    def _error(
        self,
        code: str,
        message: str,
        place: Place,
        path: FieldPath,
        key: ResourceKey | None = None,
        hint: str | None = None,
    ) -> None:
        resource = str(key) if key is not None and key.name else ""
        self._add(Diagnostic("error", code, message, path_text(path), resource, place.span(path), hint))

    def _add(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)


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
