"""The notations in which resources are written out, a row each.

Knows which there are, and that a secret's content is written in none. Does not know how a resource is read or stored.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.engine.masking import masked
from tidegate.resources.arm_form import template
from tidegate.resources.base import Resource
from tidegate.resources.document import document_of
from tidegate.resources.yaml_writer import write_documents

__all__ = ["NOTATIONS", "Notation", "Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """A text, and what it could not say, as sentences."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notation:
    """One notation: a line for `--help`, and what writes resources in it."""

    summary: str
    write: Callable[[Sequence[Resource]], Written]


def _yaml(resources: Sequence[Resource]) -> Written:
    documents = [masked(document_of(each)) for each in resources]
    return Written(write_documents(documents), _about_secrets(resources))


def _arm(resources: Sequence[Resource]) -> Written:
    made, left_out = template(resources)
    notes = [f"{key} is left out: Azure Resource Manager has no such type" for key in left_out]
    return Written(json.dumps(made, indent=2, ensure_ascii=False) + "\n", tuple(notes))


def _about_secrets(resources: Sequence[Resource]) -> tuple[str, ...]:
    names = [str(each.key) for each in resources if each.kind_name == "Secret"]
    return tuple(f"{name} is written without its content, which has to be put in its place" for name in names)


NOTATIONS = {
    "yaml": Notation("Kubernetes manifests.", _yaml),
    "arm": Notation("An ARM template in JSON.", _arm),
}
"""By the name that people write."""
