"""What all resources have in common: strict frozen models, and the envelope of a Kubernetes manifest.

Knows that attributes are snake_case and aliases exactly camelCase. Does not know any one kind.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.values import Namespace, NonEmpty

__all__ = ["WITHOUT_EFFECT", "Metadata", "Model", "Resource", "ResourceKey", "without_effect"]

WITHOUT_EFFECT = "x-without-effect"
"""Marks a field in its schema that is kept and has no effect; its value is the reason."""


class Model(BaseModel):
    """A part of a resource. Unknown fields are refused, no value is coerced, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


# Any: pydantic's own `Field` is declared so.
def without_effect(reason: str, default: object = None) -> Any:
    """Declare a field that is kept and changes nothing, with the reason; `ignored_fields` finds it where it is set."""
    description = f"Kept, without effect: {reason}."
    return Field(default=default, description=description, json_schema_extra={WITHOUT_EFFECT: reason})


class Metadata(Model):
    """The `metadata` of a Kubernetes manifest; what a cluster fills in is accepted and has no effect."""

    name: NonEmpty = Field(description="Name of the resource, unique within its kind.")
    namespace: Namespace | None = Field(
        default=None, description="Namespace; all resources live in one, by default `azure-iot-operations`."
    )
    labels: dict[str, str] | None = Field(default=None, description="Labels; kept, without effect.")
    annotations: dict[str, str] | None = Field(
        default=None,
        description="Annotations; those that begin with `tidegate.dev/` are settings, others have no effect.",
    )
    # Any: whatever a cluster wrote here is not ours to judge.
    creation_timestamp: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    deletion_timestamp: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    deletion_grace_period_seconds: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    finalizers: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    generate_name: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    generation: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    managed_fields: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    owner_references: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    resource_version: Any = Field(
        default=None,
        description="As `tidegate get` writes it: `tidegate apply` then refuses to replace another. "
        "Without effect beside a `uid`, for then a cluster filled it in.",
    )
    self_link: Any = Field(default=None, description="Filled in by a cluster; no effect.")
    uid: Any = Field(default=None, description="Filled in by a cluster; no effect.")


class Resource(Model):
    """A whole manifest. Subclasses set `kind_name` and add `spec` or data."""

    kind_name: ClassVar[str]

    api_version: str = Field(description="Group and version of the kind.")
    kind: str = Field(description="Kind of the resource.")
    metadata: Metadata = Field(description="Name, namespace, labels and annotations.")
    # Any: the status is written by whoever runs the resource and read by nobody here.
    status: Any = Field(default=None, description="Filled in by a cluster; no effect.")

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.metadata.name

    @property
    def key(self) -> ResourceKey:
        """What identifies the resource."""
        return ResourceKey(self.kind_name, self.metadata.name)
