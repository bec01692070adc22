"""The waits between attempts, with the chance given."""

import pytest

from tidegate.net.backoff import Backoff


def test_it_doubles_from_128_ms_to_60_s() -> None:
    backoff = Backoff(lambda: 0.0)
    waits = [backoff.next_seconds() for _ in range(11)]
    assert waits == [0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384, 32.768, 60.0, 60.0]


def test_chance_takes_up_to_a_tenth_off() -> None:
    assert Backoff(lambda: 0.5).next_seconds() == pytest.approx(0.128 * 0.95)
    assert Backoff(lambda: 1.0).next_seconds() == pytest.approx(0.128 * 0.9)


def test_chance_does_not_change_what_follows() -> None:
    chances = iter([0.9, 0.0])
    backoff = Backoff(lambda: next(chances))
    backoff.next_seconds()
    assert backoff.next_seconds() == 0.256


def test_reset_begins_anew() -> None:
    backoff = Backoff(lambda: 0.0)
    for _ in range(20):
        backoff.next_seconds()
    backoff.reset()
    assert backoff.next_seconds() == 0.128
