"""The wall clock may jump by an hour or ten years; nothing that Tidegate times depends on it."""

import pytest
from tests.play import connack, flow_plan, puback, publish, relay_of, side_plan

from tidegate.flow.events import Side
from tidegate.moment import Moment

HOUR = 3600.0
YEAR = 365.25 * 86_400


@pytest.mark.parametrize("jump_seconds", [HOUR, -HOUR, 10 * YEAR, -10 * YEAR])
def test_failure_27_a_jump_of_the_wall_clock_disconnects_nobody_and_expires_nothing(jump_seconds: float) -> None:
    source, destination = (side_plan(side.value, keep_alive_seconds=60) for side in Side)
    relay = relay_of(flow_plan(source=source, destination=destination))
    before, after = Moment(1_000.0, 2e9), Moment(1_001.0, 2e9 + jump_seconds)
    for side in Side:
        relay.connection_made(side, before)
        relay.receive_data(side, connack().write(), before)
    relay.receive_data(Side.SOURCE, publish(1, expiry_seconds=60).write(), before)
    for side in Side:
        relay.data_to_send(side, before)
    relay.handle_timeout(after)
    assert [relay.wants_close(side) for side in Side] == [False, False]
    assert [relay.data_to_send(side, after) for side in Side] == [[], []], "no PINGREQ, no DISCONNECT"
    relay.receive_data(Side.DESTINATION, puback(1).write(), after)
    assert (relay.counters.delivered, relay.counters.expired) == (1, 0)
    deadline = relay.next_timeout()
    assert deadline is not None
    assert before.monotonic < deadline <= before.monotonic + 60
