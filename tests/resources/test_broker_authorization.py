"""What the broker's clients may do; findings about it are in tests/cases/manifests/broker_*.case."""

import pytest
from pydantic import ValidationError

from tidegate.resources.broker_authorization import BrokerResource


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"method": "Connect", "topics": ("a",)}, "topics does not belong to the method Connect"),
        ({"method": "Publish"}, "the method Publish needs topics"),
        ({"method": "Subscribe", "topics": ("a",), "clientIds": ("x",)}, "clientIds does not belong to the method Sub"),
    ],
)
def test_each_method_has_its_own_fields(fields: dict[str, object], detail: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BrokerResource.model_validate(fields)
    assert detail in caught.value.errors()[0]["msg"]
