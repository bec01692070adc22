"""Deadlines as data."""

from tidegate.mqtt.timers import Timer, TimerTable


def test_nothing_is_armed_at_first() -> None:
    timers = TimerTable()
    assert timers.next_timeout is None
    assert timers.take_due(1e9) == []


def test_the_earliest_deadline_is_next() -> None:
    timers = TimerTable()
    timers.arm(Timer.KEEP_ALIVE, 60.0)
    timers.arm(Timer.SUBACK, 30.0)
    assert timers.next_timeout == 30.0
    timers.arm(Timer.SUBACK, 90.0)
    assert timers.next_timeout == 60.0
    timers.stop(Timer.KEEP_ALIVE)
    assert timers.next_timeout == 90.0


def test_stopping_what_is_not_armed_does_nothing() -> None:
    timers = TimerTable()
    timers.arm(Timer.KEEP_ALIVE, 60.0)
    timers.stop(Timer.AUTH)
    assert timers.next_timeout == 60.0
    assert timers.is_armed(Timer.KEEP_ALIVE)
    assert not timers.is_armed(Timer.AUTH)


def test_due_timers_are_taken_once_earliest_first() -> None:
    timers = TimerTable()
    timers.arm(Timer.KEEP_ALIVE, 3.0)
    timers.arm(Timer.PINGRESP, 2.0)
    timers.arm(Timer.AUTH, 4.0)
    assert timers.take_due(1.9) == []
    assert timers.take_due(3.0) == [Timer.PINGRESP, Timer.KEEP_ALIVE]
    assert timers.take_due(3.0) == []
    assert timers.next_timeout == 4.0


def test_all_are_forgotten() -> None:
    timers = TimerTable()
    timers.arm(Timer.KEEP_ALIVE, 3.0)
    timers.clear()
    assert timers.next_timeout is None
    assert timers.take_due(1e9) == []
