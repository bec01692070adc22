"""`templates/environment.py`."""

from tidegate.templates.environment import Environment


def test_the_resource_group_has_an_id_and_nothing_else_is_known() -> None:
    environment = Environment(subscription_id="s", resource_group="g")
    assert environment.resource_group_id == "/subscriptions/s/resourceGroups/g"
    assert environment.existing("/subscriptions/s") is None
