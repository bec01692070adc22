"""When a relay rests its sockets: only when much comes in small pieces."""

from tidegate.net.pacing import BUSY_PACKETS_PER_SECOND, JUDGED_SECONDS_MIN, Pacer

WINDOW = 1_000
PACKETS_IN_A_MILLISECOND = BUSY_PACKETS_PER_SECOND // 1_000
PACKETS_TO_JUDGE = int(BUSY_PACKETS_PER_SECOND * JUDGED_SECONDS_MIN) + 1
LATER = 1.0 + JUDGED_SECONDS_MIN + 1e-9


def test_a_slow_relay_never_rests() -> None:
    pacer = Pacer(WINDOW)
    for turn in range(1, 100):
        pacer.judge(turn * (PACKETS_IN_A_MILLISECOND - 1), turn * 0.001)
        assert not pacer.is_busy
        assert not pacer.wants_rest


def test_a_busy_relay_rests_after_small_turns() -> None:
    pacer = Pacer(WINDOW)
    pacer.judge(0, 1.0)
    pacer.judge(PACKETS_TO_JUDGE, LATER)
    pacer.judge(PACKETS_TO_JUDGE + 1, LATER)
    assert pacer.is_busy
    assert pacer.wants_rest


def test_a_turn_of_a_quarter_of_the_window_needs_no_rest() -> None:
    pacer = Pacer(WINDOW)
    pacer.judge(0, 1.0)
    pacer.judge(WINDOW, LATER)
    pacer.judge(WINDOW + WINDOW // 4, LATER)
    assert pacer.is_busy
    assert not pacer.wants_rest


def test_a_window_of_a_few_messages_is_not_starved() -> None:
    pacer = Pacer(4)
    pacer.judge(0, 1.0)
    for turn in range(1, 1_000):
        pacer.judge(turn * 2, 1.0 + turn * 0.000_01)
        assert not pacer.wants_rest


def test_the_rate_is_judged_over_a_while() -> None:
    pacer = Pacer(WINDOW)
    pacer.judge(0, 1.0)
    pacer.judge(PACKETS_TO_JUDGE - 1, 1.0 + JUDGED_SECONDS_MIN / 2)
    assert not pacer.is_busy, "what came at once may be all there is"
    pacer.judge(PACKETS_TO_JUDGE - 1, LATER)
    assert not pacer.is_busy


def test_what_a_peer_owed_after_a_few_milliseconds_is_no_pace() -> None:
    pacer = Pacer(WINDOW)
    for turn in range(1, 100):
        # About ten packets a millisecond, and those of five milliseconds come together.
        pacer.judge(turn // 4 * 50, 1.0 + turn * 0.00125)
        assert not pacer.is_busy
