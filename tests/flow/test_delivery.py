"""A delivery is settled exactly once."""

import pytest

from tidegate.flow.delivery import Delivery
from tidegate.message import Message


def test_a_delivery_is_settled_once_and_a_second_time_is_a_bug() -> None:
    message = Message("t/1", b"x", 1)
    delivery = Delivery(message, message, 7, 0, 3, 100.0, None)
    before = delivery.is_settled
    delivery.settle()
    assert (before, delivery.is_settled) == (False, True)
    with pytest.raises(AssertionError, match="delivery 3 is settled twice"):
        delivery.settle()


def test_two_deliveries_of_the_same_message_are_two() -> None:
    message = Message("t/1", b"x", 1)
    first, second = (Delivery(message, message, 7, 0, 3, 100.0, None) for _ in range(2))
    assert first != second
