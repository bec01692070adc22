"""Plans compare by content, which is how a diff finds what an edit touches."""

from dataclasses import FrozenInstanceError, replace

import pytest
from tests.play import flow_plan, side_plan


def test_plans_with_the_same_content_are_equal() -> None:
    assert flow_plan() == flow_plan()
    assert hash(flow_plan()) == hash(flow_plan())
    assert flow_plan() != flow_plan(topic_filters=("t/#", "u"))
    assert flow_plan() != flow_plan(source=side_plan("source", receive_maximum=11))


def test_a_plan_is_never_changed() -> None:
    plan = flow_plan()
    with pytest.raises(FrozenInstanceError):
        plan.name = "other"  # type: ignore[misc]
    assert replace(plan, name="other").name == "other"
