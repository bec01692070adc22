"""Hybrid logical clocks."""

import pytest

from tidegate.broker.logical_clock import LogicalClock, LogicalTime, parse_time
from tidegate.moment import Moment

NOW = Moment(5.0, 1_696_374_425.0)


def test_the_example_of_the_public_page() -> None:
    given = parse_time("1696374425000:0:Client1")
    assert given == LogicalTime(1_696_374_425_000, 0, "Client1")
    assert LogicalClock().next(given, NOW) == LogicalTime(1_696_374_425_000, 1, "StateStore")


def test_it_only_goes_forward() -> None:
    clock = LogicalClock()
    first = clock.next(None, NOW)
    second = clock.next(None, Moment(6.0, NOW.wall - 3600))
    ahead = clock.next(LogicalTime(first.wall_milliseconds + 500, 7, "z"), NOW)
    later = clock.next(None, Moment(7.0, NOW.wall + 10))
    clock.observe(LogicalTime(later.wall_milliseconds + 1, 3, "z"))
    assert first < second < ahead < later < clock.next(None, NOW)
    assert (ahead.counter, later.counter) == (8, 0)


def test_its_text_comes_back() -> None:
    assert str(LogicalTime(12, 3, "n")) == "000000000000012:00003:n"
    assert parse_time(str(LogicalTime(12, 3, "n"))) == LogicalTime(12, 3, "n")


def test_too_far_ahead() -> None:
    milliseconds = int(NOW.wall * 1000)
    assert not LogicalTime(milliseconds + 60_000, 0, "n").is_ahead(NOW)
    assert LogicalTime(milliseconds + 60_001, 0, "n").is_ahead(NOW)


@pytest.mark.parametrize(
    "text", ["", "1", "1:2", "1:2:", "a:2:n", "1:b:n", "-1:2:n", "1:2:n:m", "1" * 20 + ":0:n", "²:0:n"]
)
def test_what_is_no_time(text: str) -> None:
    assert parse_time(text) is None
