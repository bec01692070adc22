"""The state store: values by key, with versions, fencing tokens and ends.

Knows the commands of the public page on its protocol, and of our own `KEYS`. Does not know messages (`state_service`).
"""

from collections.abc import Callable
from typing import NamedTuple

from tidegate.broker.deadlines import Deadline, Deadlines
from tidegate.broker.journal import StateRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.logical_clock import LogicalClock, LogicalTime
from tidegate.broker.promises import Promises
from tidegate.broker.state_payload import OK, encode_array, encode_bytes, encode_number
from tidegate.moment import Moment

__all__ = ["ENTRY_BYTES", "KEYS_LISTED_MAX", "Answer", "Change", "StateError", "StateStore"]

ENTRY_BYTES = 400
"""What a key takes in memory beside its bytes and those of its value."""

KEYS_LISTED_MAX = 1_000
"""How many keys one answer to `KEYS` has."""

_LIFE_MILLISECONDS_MAX = 10**12


class StateError(Exception):
    """A request cannot be done; the text is one of the protocol's."""


class Change(NamedTuple):
    """A key has another value since `version`, None for none any more."""

    key: bytes
    value: bytes | None
    version: LogicalTime


class Answer(NamedTuple):
    """What to answer, and the version of the value it is about, None where there is none."""

    payload: bytes
    version: LogicalTime | None = None


class _Entry:
    __slots__ = ("deadline", "expires_at", "record")

    def __init__(self, record: StateRecord, expires_at: float | None) -> None:
        self.record = record
        self.expires_at = expires_at
        self.deadline: Deadline | None = None


class StateStore:
    """The keys of one broker. `changed` is told of every change, also of a key whose time is up."""

    def __init__(
        self,
        limits: BrokerLimits,
        promises: Promises,
        deadlines: Deadlines,
        changed: Callable[[Change, Moment], None],
    ) -> None:
        self._limits = limits
        self._promises = promises
        self._deadlines = deadlines
        self._changed = changed
        self._clock = LogicalClock()
        self._entries: dict[bytes, _Entry] = {}
        self.size = 0
        """What all keys and values take in memory, in bytes."""

    def __len__(self) -> int:
        return len(self._entries)

    def restore(self, records: list[StateRecord], now: Moment) -> None:
        """Take what an earlier process left; what has ended meanwhile ends at the first `handle_timeout`."""
        for record in records:
            self._clock.observe(record.version)
            expires_wall = record.expires_wall
            self._put(_Entry(record, None if expires_wall is None else now.monotonic + (expires_wall - now.wall)))

    def get(self, key: bytes, now: Moment) -> Answer:
        """Return the value of a key."""
        entry = self._find(key, now)
        if entry is None:
            return Answer(encode_bytes(None))
        return Answer(encode_bytes(entry.record.value), entry.record.version)

    def set(
        self,
        key: bytes,
        value: bytes,
        options: list[bytes],
        timestamp: LogicalTime | None,
        fence: LogicalTime | None,
        now: Moment,
    ) -> Answer:
        """Give a key a value, as its options `NX`, `NEX`, `EX` and `PX` say.

        Raises:
            StateError: a rule of the protocol forbids it, or there is no room.
        """
        condition, life_seconds = _options(options)
        if timestamp is None:
            raise StateError("missing timestamp")
        entry = self._find(key, now)
        before = None if entry is None else entry.record
        fence = _check_fence(before, fence)
        if before is not None and (condition == b"NX" or (condition == b"NEX" and before.value != value)):
            return Answer(encode_number(-1), before.version)
        if not self._has_room(key, value, before):
            raise StateError("the quota has been exceeded")
        version = self._clock.next(timestamp, now)
        expires_wall = None if life_seconds is None else now.wall + life_seconds
        record = StateRecord(key, value, version, fence, expires_wall)
        if entry is not None:
            self._drop(entry)
        self._put(_Entry(record, None if life_seconds is None else now.monotonic + life_seconds))
        self._promises.changing().state[key] = record
        self._changed(Change(key, value, version), now)
        return Answer(OK, version)

    def delete(self, key: bytes, value: bytes | None, fence: LogicalTime | None, now: Moment) -> Answer:
        """Remove a key; where `value` is given, only if the key has it. Raises `StateError`."""
        entry = self._find(key, now)
        if entry is None:
            return Answer(encode_number(0))
        record = entry.record
        _check_fence(record, fence)
        if value is not None and record.value != value:
            return Answer(encode_number(-1), record.version)
        self._remove(entry, now)
        return Answer(encode_number(1), record.version)

    def keys(self, after: bytes, now: Moment) -> Answer:
        """Return the keys after one, in the order of their bytes, `KEYS_LISTED_MAX` at most."""
        found = sorted(key for key in list(self._entries) if key > after and self._find(key, now) is not None)
        return Answer(encode_array(found[:KEYS_LISTED_MAX]))

    def _find(self, key: bytes, now: Moment) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.expires_at is not None and entry.expires_at <= now.monotonic:
            self._remove(entry, now)
            return None
        return entry

    def _has_room(self, key: bytes, value: bytes, before: StateRecord | None) -> bool:
        limits = self._limits
        size = self.size + len(value) - (len(before.value) if before is not None else 0)
        if before is None:
            size += ENTRY_BYTES + len(key)
            if len(self._entries) >= limits.state_keys_max or len(key) > limits.state_key_bytes_max:
                return False
        return size <= limits.state_bytes_max

    def _put(self, entry: _Entry) -> None:
        key = entry.record.key
        self._entries[key] = entry
        self.size += ENTRY_BYTES + len(key) + len(entry.record.value)
        if entry.expires_at is not None:
            entry.deadline = self._deadlines.add(entry.expires_at, lambda now: self._end(entry, now))

    def _drop(self, entry: _Entry) -> None:
        del self._entries[entry.record.key]
        self.size -= ENTRY_BYTES + len(entry.record.key) + len(entry.record.value)
        if entry.deadline is not None:
            self._deadlines.cancel(entry.deadline)

    def _remove(self, entry: _Entry, now: Moment) -> None:
        key = entry.record.key
        self._drop(entry)
        self._promises.changing().state[key] = None
        self._changed(Change(key, None, self._clock.next(None, now)), now)

    def _end(self, entry: _Entry, now: Moment) -> None:
        if self._entries.get(entry.record.key) is entry:
            self._remove(entry, now)


def _options(options: list[bytes]) -> tuple[bytes | None, float | None]:
    """Return the condition, and for how many seconds the key is to live."""
    condition: bytes | None = None
    life_seconds: float | None = None
    rest = list(options)
    while rest:
        option = rest.pop(0)
        if option in (b"NX", b"NEX") and condition is None:
            condition = option
        elif option in (b"EX", b"PX") and life_seconds is None and rest:
            digits = rest.pop(0)
            if not digits.isdigit() or len(digits) > 15:
                raise StateError("syntax error")
            milliseconds = int(digits) * (1000 if option == b"EX" else 1)
            if not 0 < milliseconds <= _LIFE_MILLISECONDS_MAX:
                raise StateError("syntax error")
            life_seconds = milliseconds / 1000
        else:
            raise StateError("syntax error")
    return condition, life_seconds


def _check_fence(record: StateRecord | None, fence: LogicalTime | None) -> LogicalTime | None:
    """Return the fencing token that the key has afterwards ("Fencing Token Algorithm")."""
    if record is None or record.fence is None:
        return fence
    if fence is None:
        raise StateError("a fencing token is required for this request")
    if fence < record.fence:
        raise StateError("the request fencing token is a lower version than the fencing token protecting the resource")
    return fence
