"""One reading of both clocks."""

from tidegate.moment import Moment


def test_a_moment_has_both_clocks_by_name() -> None:
    moment = Moment(monotonic=12.5, wall=1_700_000_000.0)
    assert moment == Moment(12.5, 1_700_000_000.0)
    assert moment.monotonic == 12.5
    assert moment.wall == 1_700_000_000.0
