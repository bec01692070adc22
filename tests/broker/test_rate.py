import pytest

from tidegate.broker.rate import Rate


def test_a_second_has_so_many_and_they_come_back_evenly() -> None:
    rate = Rate(10, 100.0)
    assert [rate.take(100.0) for _ in range(11)] == [True] * 10 + [False]
    assert rate.seconds_until_next() == pytest.approx(0.1)
    assert rate.take(100.11) and not rate.take(100.12)
    assert [rate.take(200.0) for _ in range(11)] == [True] * 10 + [False], "what was not used does not pile up"
