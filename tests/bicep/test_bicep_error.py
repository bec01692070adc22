"""`bicep/bicep_error.py`."""

from tidegate.bicep.bicep_error import BicepError


def test_at_least_one_character_is_meant() -> None:
    assert BicepError("x", 3, 3).end == 4
