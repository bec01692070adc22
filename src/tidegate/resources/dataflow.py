"""`Dataflow`: source topics, an optional transformation, a destination topic (facts 1.6).

Knows the shape of its operations. Does not know endpoints, topic syntax or what a transformation means.
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Model, Resource
from tidegate.resources.values import Description, Mode, NonEmpty

__all__ = [
    "BuiltInTransformationSettings",
    "Dataflow",
    "DataflowSpec",
    "DatasetRule",
    "DestinationSettings",
    "FilterRule",
    "HeaderAction",
    "MapRule",
    "Operation",
    "SourceSettings",
]

DATASETS_MAX = 10
"""How many data sets one transformation may have. AIO's schema takes one, and its text shows two (facts 3.11)."""

OPERATION_BLOCKS = {
    "Source": "sourceSettings",
    "BuiltInTransformation": "builtInTransformationSettings",
    "Destination": "destinationSettings",
}


class SourceSettings(Model):
    """What is read."""

    endpoint_ref: NonEmpty = Field(description="Name of the endpoint to read from.")
    data_sources: tuple[str, ...] = Field(
        min_length=1, description="Topic filters, with `+` and `#`; `$share/<group>/<filter>` shares them."
    )
    asset_ref: str | None = Field(default=None, description="Asset that the messages come from; kept, without effect.")
    serialization_format: Literal["Json"] = Field(default="Json", description="Format of the payload.")
    schema_ref: str | None = Field(
        default=None,
        description="Schema of the payload, `aio-sr://<namespace>/<name>:<version>`; "
        "a message with another `dataschema` is dropped.",
    )


class DatasetRule(Model):
    """One data set that enriches messages."""

    key: str = Field(max_length=64, min_length=1, description="Key of the data set in the state store.")
    inputs: tuple[str, ...] = Field(description="Fields that the expression reads.")
    expression: str | None = Field(default=None, description="Which record of the data set applies.")
    schema_ref: str | None = Field(default=None, description="Schema of the data set; kept, without effect.")
    description: Description | None = Field(default=None, description="For people.")


class FilterRule(Model):
    """One rule that drops messages."""

    type: Literal["Filter"] = Field(default="Filter", description="Type of the rule.")
    inputs: tuple[str, ...] = Field(description="Fields that the expression reads.")
    expression: NonEmpty = Field(description="Condition over the inputs.")
    description: Description | None = Field(default=None, description="For people.")


class MapRule(Model):
    """One rule that writes a field of the output."""

    type: Literal["NewProperties", "Rename", "Compute", "PassThrough", "BuiltInFunction"] | None = Field(
        default=None,
        description="Type of the rule; absent means `Compute` with an expression and `PassThrough` without.",
    )
    inputs: tuple[str, ...] = Field(description="Fields that the rule reads.")
    output: str = Field(description="Field that the rule writes.")
    expression: str | None = Field(default=None, description="Formula over the inputs.")
    description: Description | None = Field(default=None, description="For people.")


class BuiltInTransformationSettings(Model):
    """What happens to a message between source and destination: enrich, filter, map, in this order."""

    serialization_format: Literal["Json", "Parquet", "Delta"] = Field(
        default="Json", description="Format of the output."
    )
    schema_ref: str | None = Field(
        default=None, description="Schema of the output, which CloudEvents name as `dataschema`."
    )
    datasets: tuple[DatasetRule, ...] = Field(
        default=(), max_length=DATASETS_MAX, description="Data sets that enrich messages."
    )
    filter: tuple[FilterRule, ...] = Field(default=(), description="Rules that drop messages.")
    map: tuple[MapRule, ...] = Field(default=(), description="Rules that make the output.")


class HeaderAction(Model):
    """One change of the user properties."""

    action_type: Literal["AddIfNotPresent", "AddOrReplace", "Remove"] = Field(description="What to do with the key.")
    key: NonEmpty = Field(description="Key of the user property.")
    value: str | None = Field(default=None, description="Value of the user property; `Remove` has none.")

    @model_validator(mode="after")
    def _value_where_one_is_set(self) -> Self:
        if self.action_type == "Remove" and self.value is not None:
            detail, hint = "the action Remove has no value", "remove `value`"
        elif self.action_type != "Remove" and self.value is None:
            detail, hint = f"the action {self.action_type} needs a value, which is missing", "add `value`"
        else:
            return self
        raise PydanticCustomError("header_action", "{detail}", {"detail": detail, "hint": hint, "field": ""})


class DestinationSettings(Model):
    """Where messages are written."""

    endpoint_ref: NonEmpty = Field(description="Name of the endpoint to write to.")
    data_destination: str = Field(
        description="Topic; `${inputTopic}` and `${inputTopic.N}` stand for the source topic and its N-th segment."
    )
    headers: tuple[HeaderAction, ...] = Field(default=(), description="Changes of the user properties, in order.")


class Operation(Model):
    """One operation: its type, and the settings block of that type."""

    operation_type: Literal["Source", "BuiltInTransformation", "Destination"] = Field(
        description="Type of the operation."
    )
    name: str | None = Field(default=None, max_length=64, description="For people.")
    source_settings: SourceSettings | None = Field(default=None, description="Settings of `Source`.")
    built_in_transformation_settings: BuiltInTransformationSettings | None = Field(
        default=None, description="Settings of `BuiltInTransformation`."
    )
    destination_settings: DestinationSettings | None = Field(default=None, description="Settings of `Destination`.")

    @model_validator(mode="after")
    def _block_of_the_type(self) -> Self:
        blocks: dict[str, Any] = {
            "sourceSettings": self.source_settings,
            "builtInTransformationSettings": self.built_in_transformation_settings,
            "destinationSettings": self.destination_settings,
        }
        needed = OPERATION_BLOCKS[self.operation_type]
        wrong = [block for block, value in blocks.items() if value is not None and block != needed]
        if wrong:
            detail = f"{wrong[0]} does not belong to operationType {self.operation_type}; allowed is {needed}"
            hint, field = f"remove `{wrong[0]}`, or change `operationType`", wrong[0]
        elif blocks[needed] is None and self.operation_type != "BuiltInTransformation":
            detail = f"operationType {self.operation_type} needs the settings block {needed}, which is missing"
            hint, field = f"add `{needed}`", ""
        else:
            return self
        raise PydanticCustomError("settings_block", "{detail}", {"detail": detail, "hint": hint, "field": field})


class DataflowSpec(Model):
    """A data flow. The order of its operations does not matter."""

    mode: Mode = Field(default="Enabled", description="`Disabled` stops the data flow and keeps its session.")
    request_disk_persistence: Mode = Field(
        default="Disabled",
        description="Ask the local broker, by the user property `aio-persistence`, to keep the session on disk.",
    )
    profile_ref: NonEmpty = Field(description="Name of the profile that runs the data flow.")
    operations: tuple[Operation, ...] = Field(description="One source, at most one transformation, one destination.")

    @model_validator(mode="after")
    def _cardinality(self) -> Self:
        types = [operation.operation_type for operation in self.operations]
        for operation_type, least in (("Source", 1), ("BuiltInTransformation", 0), ("Destination", 1)):
            count = types.count(operation_type)  # type: ignore[arg-type]  # the literals above are the types
            if not least <= count <= 1:
                allowed = "one" if least else "none or one"
                words = f"{count or 'no'} {operation_type} operation{'s' if count > 1 else ''}"
                detail = f"operations has {words}; allowed is {allowed}"
                second = [index for index, found in enumerate(types) if found == operation_type][1:2]
                hint = (
                    "split it into several data flows" if second else f"add one with `operationType: {operation_type}`"
                )
                raise PydanticCustomError(
                    "cardinality", "{detail}", {"detail": detail, "hint": hint, "field": "operations", "index": second}
                )
        return self

    @property
    def source(self) -> tuple[int, SourceSettings]:
        """The source's place among the operations, and its settings."""
        return next(
            (i, each.source_settings) for i, each in enumerate(self.operations) if each.source_settings is not None
        )

    @property
    def transformation(self) -> tuple[int, BuiltInTransformationSettings] | None:
        """The transformation's place among the operations, and its settings; None when there is none."""
        for index, operation in enumerate(self.operations):
            if operation.built_in_transformation_settings is not None:
                return index, operation.built_in_transformation_settings
        return None

    @property
    def destination(self) -> tuple[int, DestinationSettings]:
        """The destination's place among the operations, and its settings."""
        return next(
            (i, each.destination_settings)
            for i, each in enumerate(self.operations)
            if each.destination_settings is not None
        )


class Dataflow(Resource):
    """Messages moved from a source to a destination."""

    kind_name: ClassVar[str] = "Dataflow"

    spec: DataflowSpec = Field(description="Profile and operations of the data flow.")
