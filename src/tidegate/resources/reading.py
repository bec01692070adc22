"""Reads resources one by one, whatever notation they were written in, and gathers them with their places and findings.

Knows names, duplicates and models. Does not know a notation: whoever does hands over nodes in the shape of a manifest.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from tidegate.diagnostics import Diagnostic
from tidegate.resources.base import Resource, ResourceKey
from tidegate.resources.findings import diagnose, show
from tidegate.resources.kinds import KINDS
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.source_map import FieldPath, Place, SourceMap
from tidegate.resources.values import kubernetes_name_error, resource_name_error

__all__ = ["Manifest", "Reading"]


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


class Reading:
    """What was read so far. `is_complete` is set to false where a whole text did not parse."""

    def __init__(self) -> None:
        self.unread: set[ResourceKey] = set()
        self.diagnostics: list[Diagnostic] = []
        self.lines: dict[str, str] = {}
        self.is_complete = True
        self._resources: dict[ResourceKey, Resource] = {}
        self._places: dict[ResourceKey, Place] = {}

    def take(self, key: ResourceKey, place: Place) -> None:
        """Read one resource of a known kind; an empty name stands for one that is missing."""
        row = KINDS[key.kind]
        if key.name:
            error = resource_name_error(key.name) if row.is_ours else kubernetes_name_error(key.name)
            if error is not None:
                self.error("name", f"name is {show(key.name)}: {error}", place, ("metadata", "name"), key)
            if key in self._places:
                self._duplicate(key, place)
                return
        try:
            resource = row.model.model_validate(place.root.plain())
        except ValidationError as error:
            label = str(key) if key.name else key.kind
            # That apiVersion is missing was told before, with the very line to add.
            errors = [
                each
                for each in error.errors(include_url=False)
                if each["loc"] != ("apiVersion",) or each["type"] != "missing"
            ]
            self.diagnostics += diagnose(errors, row.model, place, label, is_secret=row.is_secret)
            self.unread.add(key)
        else:
            self._resources[key] = resource
        self._places[key] = place

    def error(
        self,
        code: str,
        message: str,
        place: Place,
        path: FieldPath,
        key: ResourceKey | None = None,
        hint: str | None = None,
    ) -> None:
        """Add a finding about a value."""
        resource = str(key) if key is not None and key.name else ""
        self.diagnostics.append(
            Diagnostic("error", code, message, place.path_text(path), resource, place.span(path), hint)
        )

    def manifest(self) -> Manifest:
        """Return all of it."""
        resources = ResourceSet.of(
            self._resources.values(), unread=frozenset(self.unread), is_complete=self.is_complete
        )
        return Manifest(resources, SourceMap(self._places), tuple(self.diagnostics), self.lines)

    def _duplicate(self, key: ResourceKey, place: Place) -> None:
        first = self._places[key].span(("metadata", "name"))
        message = f"{key} is declared twice; the first is in {first.file}, line {first.line}"
        hint = "rename or remove one of them"
        if key.kind == "Dataflow":
            hint = "data flow names are unique over all profiles; rename or remove one of them"
        self.error("duplicate-resource", message, place, ("metadata", "name"), key, hint)
