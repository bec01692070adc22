"""Clients that mean harm, against the broker core: what they may cost, and what of the others must go on."""

import gc

import mqtt5
import pytest
from tests.broker_play import BrokerPlay

from tidegate.broker.connection import Connection
from tidegate.broker.deadlines import CANCELLED_MIN
from tidegate.broker.session import Session


def living(kind: type) -> int:
    """Count the living objects of a class."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def test_promise_08_clients_that_come_and_go_leave_nothing() -> None:
    """Keep alive, session expiry and will delay are of the client's choosing, up to many years."""
    play = BrokerPlay()
    before = living(Connection), living(Session)
    for number in range(2 * CANCELLED_MIN):
        will = mqtt5.Will("w", payload=bytes(1_000), will_delay_interval=0xFFFFFFFF)
        fields = {"keep_alive": 65_535, "session_expiry_interval": 0xFFFFFFFE, "will": will}
        play.connect(f"c{number}", **fields).cut()
        # The session ends here, long before its time.
        play.connect(f"c{number}", clean_start=True).leave()
        play.client().cut()
    play.events.clear()
    play.batches.clear()
    play.broker.take_dirty()
    assert living(Connection) == before[0]
    assert living(Session) == before[1]
    assert len(play.broker._deadlines) <= 2 * CANCELLED_MIN


def test_promise_08_a_connect_is_let_go_with_the_secrets_in_it() -> None:
    play = BrokerPlay()
    client = play.connect("one", username="u", password=b"canary", will=mqtt5.Will("w", payload=bytes(60_000)))
    assert client.connection.pending_connect is None


@pytest.mark.parametrize("version", [b"\x04", b"\x05"])
def test_promise_08_half_a_connect_does_not_disturb_the_end(version: bytes) -> None:
    play = BrokerPlay()
    half = play.client().send(b"\x10\x7f\0\4MQTT" + version)
    other = play.connect("other")
    play.broker.shut_down(play.now)
    other.expect_closed(0x8B)
    # CONNACK has no Server shutting down, but Server unavailable.
    assert half.raw() == (b"\x20\x02\0\3" if version == b"\x04" else b"\x20\x03\0\x88\0")
    assert half.connection.wants_close
