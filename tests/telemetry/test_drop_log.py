from tidegate.telemetry.drop_log import DropLog


def test_drops_are_logged_once_a_minute_for_each_reason_with_a_count() -> None:
    log = DropLog()
    assert log.admit("busy", 0.0) == 0
    assert [log.admit("busy", 30.0) for _ in range(5)] == [None] * 5
    assert log.admit("too_large", 30.0) == 0
    assert log.admit("busy", 60.0) == 5
    assert log.admit("busy", 120.0) == 0
