"""What all models share."""

import pytest
from pydantic import ValidationError
from tests.resources.manifests import UPLINK, models, read_clean

from tidegate.resources.base import ResourceKey


def test_every_field_has_a_description_and_the_exact_camel_case_alias() -> None:
    for model in models():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert field.description.endswith("."), f"{model.__name__}.{name}"
            assert field.alias is not None
            assert field.alias.lower() == name.replace("_", "")


def test_models_are_frozen_and_strict() -> None:
    for model in models():
        assert model.model_config["frozen"]
        assert model.model_config["strict"]
        assert model.model_config["extra"] == "forbid"


def test_a_resource_knows_its_key() -> None:
    dataflow = read_clean(UPLINK).resources.dataflows["uplink"]
    assert dataflow.key == ResourceKey("Dataflow", "uplink")
    assert str(dataflow.key) == "Dataflow/uplink"
    with pytest.raises(ValidationError):
        dataflow.kind = "Other"
