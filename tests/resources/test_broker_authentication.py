"""How the broker's clients prove who they are; findings about it are in tests/cases/manifests/broker_*.case."""

import pytest
from pydantic import ValidationError

from tidegate.resources.broker_authentication import AuthorizationAttributes
from tidegate.resources.defaults import DEFAULT_AUTHENTICATION


def test_the_default_is_that_of_azure_iot_operations() -> None:
    (method,) = DEFAULT_AUTHENTICATION.spec.authentication_methods
    assert method.service_account_token_settings is not None
    assert method.service_account_token_settings.audiences == ("aio-internal",)


def test_a_subject_is_kept_in_the_form_that_certificates_are_compared_in() -> None:
    rule = AuthorizationAttributes(subject="CN = press-1, O = Plant", attributes={})
    assert rule.subject == "CN=press-1,O=Plant"
    with pytest.raises(ValidationError) as caught:
        AuthorizationAttributes.model_validate({"subject": "press", "attributes": {}})
    assert "subject is `press`" in caught.value.errors()[0]["msg"]
