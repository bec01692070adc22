"""Resources as documents: the JSON of a Kubernetes manifest, without what a cluster fills in.

Knows the models. Does not know texts (`yaml_writer`, `manifest`) or stores.
"""

import base64
import json
from collections.abc import Mapping

from tidegate.resources.base import Resource
from tidegate.resources.core import Secret
from tidegate.resources.kinds import KINDS
from tidegate.resources.source_map import Json

__all__ = ["document_of", "resource_of"]

_METADATA = ("name", "namespace", "labels", "annotations")
_OF_OTHERS = ("kubectl.kubernetes.io/",)
"""Annotations by which a tool remembers what it did; to keep them would make each of its runs a change."""


def document_of(resource: Resource) -> dict[str, Json]:
    """Return what was written, in the order of a manifest: defaults are left out, lists are lists.

    Of a secret, what was written as text is under `data` in base64, as Kubernetes keeps it.
    """
    whole: dict[str, Json] = resource.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    metadata = whole["metadata"]
    assert isinstance(metadata, Mapping)
    kept: dict[str, Json] = {name: metadata[name] for name in _METADATA if metadata.get(name)}
    annotations = kept.get("annotations")
    if isinstance(annotations, Mapping):
        ours = {name: value for name, value in annotations.items() if not name.startswith(_OF_OTHERS)}
        kept["annotations"] = ours
        if not ours:
            del kept["annotations"]
    rest = {name: value for name, value in whole.items() if name not in ("apiVersion", "kind", "metadata", "status")}
    if isinstance(resource, Secret) and rest.pop("stringData", None):
        rest["data"] = {key: base64.b64encode(value).decode() for key, value in resource.content.items()}
    return {"apiVersion": whole["apiVersion"], "kind": whole["kind"], "metadata": kept, **rest}


def resource_of(document: Mapping[str, Json]) -> Resource:
    """Read a document of a known kind. Raises `ValueError` (pydantic's) when it does not validate."""
    return KINDS[str(document["kind"])].model.model_validate_json(json.dumps(document))
