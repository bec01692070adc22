"""Keys with versions, fencing tokens and ends."""

import pytest

from tidegate.broker.deadlines import Deadlines
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.logical_clock import LogicalTime
from tidegate.broker.promises import Promises
from tidegate.broker.state_payload import decode
from tidegate.broker.state_store import Change, StateError, StateStore
from tidegate.moment import Moment

NOW = Moment(100.0, 1_700_000_000.0)
MILLISECONDS = 1_700_000_000_000
UNLIMITED = BrokerLimits()
TIME = LogicalTime(MILLISECONDS, 0, "client")


class Play:
    """A store with what it told."""

    def __init__(self, limits: BrokerLimits = UNLIMITED) -> None:
        self.promises = Promises()
        self.deadlines = Deadlines()
        self.changes: list[Change] = []
        self.store = StateStore(limits, self.promises, self.deadlines, lambda change, now: self.changes.append(change))

    def set(
        self, key: bytes, value: bytes, *options: bytes, fence: LogicalTime | None = None, at: Moment = NOW
    ) -> object:
        return decode(self.store.set(key, value, list(options), TIME, fence, at).payload)

    def get(self, key: bytes, at: Moment = NOW) -> object:
        return decode(self.store.get(key, at).payload)

    def delete(self, key: bytes, value: bytes | None = None, fence: LogicalTime | None = None) -> object:
        return decode(self.store.delete(key, value, fence, NOW).payload)


def test_set_get_and_delete() -> None:
    play = Play()
    assert play.get(b"k") is None
    assert play.set(b"k", b"\x00\r\n") == b"OK"
    assert play.get(b"k") == b"\x00\r\n"
    version = play.store.get(b"k", NOW).version
    assert version == LogicalTime(MILLISECONDS, 1, "StateStore")
    assert (play.delete(b"other"), play.delete(b"k", b"x"), play.delete(b"k", b"\x00\r\n"), play.delete(b"k")) == (
        0,
        -1,
        1,
        0,
    )
    assert [(each.key, each.value) for each in play.changes] == [(b"k", b"\x00\r\n"), (b"k", None)]
    assert play.promises.batch.state == {b"k": None}
    assert (len(play.store), play.store.size) == (0, 0)


def test_conditions() -> None:
    play = Play()
    assert (play.set(b"k", b"1", b"NX"), play.set(b"k", b"2", b"NX")) == (b"OK", -1)
    assert (play.set(b"k", b"1", b"NEX"), play.set(b"k", b"2", b"NEX"), play.set(b"new", b"2", b"NEX")) == (
        b"OK",
        -1,
        b"OK",
    )
    assert play.get(b"k") == b"1"


@pytest.mark.parametrize("options", [(b"PX", b"1500"), (b"NEX", b"PX", b"1500")])
def test_a_key_ends(options: tuple[bytes, ...]) -> None:
    play = Play()
    play.set(b"k", b"v", *options)
    before = Moment(101.4, NOW.wall)
    play.deadlines.run(before)
    assert play.get(b"k", before) == b"v"
    assert play.deadlines.next == 101.5
    play.deadlines.run(Moment(101.5, NOW.wall))
    assert play.changes[-1].value is None
    assert len(play.store) == 0


def test_a_later_value_has_a_life_of_its_own() -> None:
    play = Play()
    play.set(b"k", b"v", b"EX", b"1")
    play.set(b"k", b"w")
    play.deadlines.run(Moment(500.0, NOW.wall))
    assert play.get(b"k", Moment(500.0, NOW.wall)) == b"w"


@pytest.mark.parametrize(
    "options",
    [
        (b"XX",),
        (b"nx",),
        (b"NX", b"NEX"),
        (b"PX",),
        (b"PX", b"0"),
        (b"PX", b"-1"),
        (b"EX", b"9" * 15),
        (b"PX", b"1", b"EX", b"1"),
    ],
)
def test_options_that_are_none(options: tuple[bytes, ...]) -> None:
    with pytest.raises(StateError, match="syntax error"):
        Play().set(b"k", b"v", *options)


def test_fencing_tokens() -> None:
    play = Play()
    low, high = LogicalTime(MILLISECONDS, 1, "a"), LogicalTime(MILLISECONDS, 2, "a")
    play.set(b"k", b"1", fence=low)
    with pytest.raises(StateError, match="a fencing token is required"):
        play.set(b"k", b"2")
    assert play.set(b"k", b"2", fence=high) == b"OK"
    with pytest.raises(StateError, match="lower version"):
        play.set(b"k", b"3", fence=low)
    with pytest.raises(StateError, match="lower version"):
        play.delete(b"k", fence=low)
    with pytest.raises(StateError, match="is required"):
        play.delete(b"k")
    assert play.delete(b"k", fence=high) == 1


def test_a_set_needs_a_timestamp() -> None:
    with pytest.raises(StateError, match="missing timestamp"):
        Play().store.set(b"k", b"v", [], None, None, NOW)


def test_limits() -> None:
    play = Play(BrokerLimits(state_keys_max=2, state_key_bytes_max=3, state_bytes_max=1_000))
    play.set(b"a", b"x" * 50)
    play.set(b"b", b"x" * 50)
    for key, value in ((b"c", b""), (b"a", b"x" * 300)):
        with pytest.raises(StateError, match="the quota has been exceeded"):
            play.set(key, value)
    play.delete(b"a")
    with pytest.raises(StateError, match="the quota has been exceeded"):
        play.set(b"long", b"")
    assert play.set(b"c", b"") == b"OK"


def test_keys_in_order_and_page_by_page() -> None:
    play = Play()
    for number in range(1_500):
        play.set(b"%04d" % number, b"")
    first = decode(play.store.keys(b"", NOW).payload)
    assert isinstance(first, list) and first == [b"%04d" % number for number in range(1_000)]
    assert decode(play.store.keys(first[-1], NOW).payload) == [b"%04d" % number for number in range(1_000, 1_500)]


def test_versions_go_on_after_a_restart() -> None:
    play = Play()
    play.set(b"k", b"v", b"PX", b"5000")
    play.set(b"kept", b"v")
    records = [record for record in play.promises.batch.state.values() if record is not None]
    again = Play()
    earlier = Moment(3.0, NOW.wall - 2)
    again.store.restore(records, earlier)
    before = again.store.get(b"kept", earlier).version
    after = again.store.set(b"kept", b"w", [], LogicalTime(0, 0, "c"), None, earlier).version
    assert before is not None and after is not None and before < after
    assert again.get(b"k", earlier) == b"v"
    again.deadlines.run(Moment(10.0, NOW.wall + 5))
    assert again.get(b"k", Moment(10.0, NOW.wall + 5)) is None
