"""The notations in which resources are written out, a row each.

Knows which there are, and that a secret's content is written in none. Does not know how a resource is read or stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tidegate.bicep.decompiler import write_resources
from tidegate.engine.masking import masked
from tidegate.resources.arm_form import names_of, properties_of, tags_of, template
from tidegate.resources.base import Resource
from tidegate.resources.document import document_of
from tidegate.resources.json_text import write_json
from tidegate.resources.yaml_writer import write_documents

__all__ = ["NOTATIONS", "Notation", "Written"]


_END = "END_OF_PROPERTIES"
_CLI_VERBS = {
    "DataflowEndpoint": "dataflow endpoint apply",
    "DataflowProfile": "dataflow profile apply",
    "Dataflow": "dataflow apply",
}


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
    return Written(write_json(made), tuple(notes))


def _cli(resources: Sequence[Resource]) -> Written:
    commands, notes = [], []
    for resource in resources:
        verb = _CLI_VERBS.get(resource.kind_name)
        if verb is None:
            notes.append(f"{resource.key} is left out: az has no command for its kind")
            continue
        if tags_of(resource):
            notes.append(f"the annotations of {resource.key} are left out: az has no flag for them")
        profile = f" --profile {names_of(resource, '')[1]}" if resource.kind_name == "Dataflow" else ""
        head = f"tidegate {verb} --name {resource.name}{profile} --config-file /dev/stdin <<'{_END}'"
        commands.append(f"{head}\n{write_json(properties_of(resource))}{_END}\n")
    return Written("\n".join(commands), tuple(notes))


def _bicep(resources: Sequence[Resource]) -> Written:
    text, left_out = write_resources(resources)
    return Written(text, tuple(f"{key} is left out: Azure Resource Manager has no such type" for key in left_out))


def _about_secrets(resources: Sequence[Resource]) -> tuple[str, ...]:
    names = [str(each.key) for each in resources if each.kind_name == "Secret"]
    return tuple(f"{name} is written without its content, which has to be put in its place" for name in names)


NOTATIONS = {
    "yaml": Notation("Kubernetes manifests.", _yaml),
    "arm": Notation("An ARM template in JSON.", _arm),
    "cli": Notation("Commands of a shell.", _cli),
    "bicep": Notation("A Bicep file.", _bicep),
}
"""By the name that people write."""
