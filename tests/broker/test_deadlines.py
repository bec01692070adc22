"""What comes due."""

from tidegate.broker.deadlines import CANCELLED_MIN, Deadlines
from tidegate.moment import Moment


def test_they_are_called_in_the_order_of_time() -> None:
    deadlines = Deadlines()
    assert (deadlines.next, len(deadlines)) == (None, 0)
    called: list[str] = []
    deadlines.add(5.0, lambda now: called.append("five"))
    deadlines.add(3.0, lambda now: called.append("three"))
    deadlines.add(9.0, lambda now: called.append("nine"))
    assert deadlines.next == 3.0
    deadlines.run(Moment(5.0, 0.0))
    assert called == ["three", "five"]
    assert (deadlines.next, len(deadlines)) == (9.0, 1)


def test_what_is_added_meanwhile_waits_for_the_next_run() -> None:
    deadlines = Deadlines()
    called: list[int] = []

    def again(now: Moment) -> None:
        called.append(len(called))
        deadlines.add(now.monotonic, again)

    deadlines.add(0.0, again)
    deadlines.run(Moment(1.0, 0.0))
    assert called == [0]


def test_promise_08_what_is_cancelled_is_let_go() -> None:
    deadlines = Deadlines()
    called: list[int] = []
    for number in range(10 * CANCELLED_MIN):
        first = deadlines.add(1.0 + number, lambda now: called.append(-1))
        deadlines.cancel(first)
        deadlines.cancel(first)
    deadlines.add(5.0, lambda now: called.append(5))
    assert len(deadlines) <= CANCELLED_MIN + 1
    deadlines.run(Moment(1e9, 0.0))
    assert (called, len(deadlines)) == ([5], 0)
