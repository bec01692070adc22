"""Requests to the state store, its answers, and the notifications of those who watch keys.

Knows the protocol over MQTT 5 of the public page on the state store. Does not know how keys are kept (`state_store`).

An answer and the notifications of a change leave once the change is on disk, and in order. They go to the client that asked
and to those that watch, and to nobody else, whoever subscribes to the same topics: a response topic that is another
client's is no way to write there. Requests are delivered to no subscriber either.
"""

from collections import deque

from tidegate.broker.deadlines import Deadlines
from tidegate.broker.delivery import Delivery
from tidegate.broker.journal import StateRecord
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.logical_clock import LogicalTime, parse_time
from tidegate.broker.promises import Promises
from tidegate.broker.session import Session
from tidegate.broker.state_payload import OK, PayloadError, decode, encode_array, encode_error, encode_number
from tidegate.broker.state_store import Answer, Change, StateError, StateStore
from tidegate.broker.state_topics import INVOKE_TOPIC, NOTIFICATION_TOPICS, notification_topic
from tidegate.broker.statistics import Statistics
from tidegate.exceptions import ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment

__all__ = ["StateService"]

IMPLEMENTATION_SPECIFIC_ERROR = 0x83
TOPIC_NAME_INVALID = 0x90

_ARGUMENTS = {b"GET": (2, 2), b"SET": (3, 6), b"DEL": (2, 2), b"VDEL": (3, 3), b"KEYNOTIFY": (2, 3), b"KEYS": (1, 2)}
"""The least and the most items that a request has, its command with it."""


class StateService:
    """The store of one broker as its clients see it."""

    def __init__(
        self,
        limits: BrokerLimits,
        delivery: Delivery,
        promises: Promises,
        deadlines: Deadlines,
        statistics: Statistics,
    ) -> None:
        self._limits = limits
        self._delivery = delivery
        self._promises = promises
        self._statistics = statistics
        self._store = StateStore(limits, promises, deadlines, self._notify)
        self._watchers: dict[bytes, dict[Session, None]] = {}
        self._watched: dict[Session, set[bytes]] = {}
        self._waiting: deque[tuple[int, Session, Message]] = deque()
        """What leaves once the batch of that number is on disk, in order."""

    def restore(self, records: list[StateRecord], now: Moment) -> None:
        """Take the keys that an earlier process left."""
        self._store.restore(records, now)

    def invoke(self, message: Message, session: Session, now: Moment) -> int:
        """Take a request; return its reason code.

        Raises:
            ProtocolViolation: the response topic is one of the store's own.
        """
        response_topic = message.response_topic
        if response_topic == INVOKE_TOPIC or (response_topic or "").startswith(NOTIFICATION_TOPICS):
            raise ProtocolViolation("the response topic is the state store's own", TOPIC_NAME_INVALID)
        if message.qos != 1 or response_topic is None or message.correlation_data is None:
            self._statistics.drop("state_store")
            return IMPLEMENTATION_SPECIFIC_ERROR
        try:
            answer = self._execute(message, session, now)
        except (PayloadError, StateError) as error:
            text = str(error) if isinstance(error, StateError) else "syntax error"
            answer = Answer(encode_error(text))
        properties = (("__stat", "200"), ("__protVer", "1.0"), *_version(answer.version))
        reply = Message(
            response_topic, answer.payload, 1, correlation_data=message.correlation_data, user_properties=properties
        )
        self._send(session, reply, now)
        return 0

    def forget(self, session: Session) -> None:
        """Stop telling a client of changes: it is gone, and asks again when it comes back."""
        for key in self._watched.pop(session, ()):
            self._unwatch(key, session)

    def committed(self, now: Moment) -> None:
        """Let leave what waited for batches that are on disk now."""
        while self._waiting and self._waiting[0][0] <= self._promises.committed:
            _, session, message = self._waiting.popleft()
            self._delivery.deliver_to(session, message, now)

    def _execute(self, message: Message, session: Session, now: Moment) -> Answer:
        items = decode(message.payload)
        if not isinstance(items, list) or not items:
            raise StateError("syntax error")
        command, *arguments = items
        if command not in _ARGUMENTS:
            raise StateError("unknown command")
        least, most = _ARGUMENTS[command]
        if not least <= len(items) <= most:
            raise StateError("wrong number of arguments")
        key = arguments[0] if arguments else b""
        if not key and command != b"KEYS":
            raise StateError("the key length is zero")
        properties = dict(message.user_properties)
        timestamp = _time(properties.get("__ts"), "the request timestamp", now)
        fence = _time(properties.get("__ft"), "the request fencing token timestamp", now)
        store = self._store
        match command:
            case b"GET":
                return store.get(key, now)
            case b"SET":
                return store.set(key, arguments[1], arguments[2:], timestamp, fence, now)
            case b"KEYNOTIFY":
                return self._watch(key, arguments[1:], session)
            case b"KEYS":
                return store.keys(key, now)
            case _:
                return store.delete(key, arguments[1] if command == b"VDEL" else None, fence, now)

    def _watch(self, key: bytes, options: list[bytes], session: Session) -> Answer:
        watched = self._watched.get(session, set())
        if options:
            if options != [b"STOP"]:
                raise StateError("syntax error")
            if key not in watched:
                return Answer(encode_number(0))
            watched.discard(key)
            self._unwatch(key, session)
            return Answer(OK)
        if key not in watched and (
            len(watched) >= self._limits.state_watches_max or len(key) > self._limits.state_key_bytes_max
        ):
            raise StateError("the quota has been exceeded")
        if session.connection is not None:
            self._watched.setdefault(session, watched).add(key)
            self._watchers.setdefault(key, {})[session] = None
        return Answer(OK)

    def _unwatch(self, key: bytes, session: Session) -> None:
        watchers = self._watchers[key]
        del watchers[session]
        if not watchers:
            del self._watchers[key]

    def _notify(self, change: Change, now: Moment) -> None:
        """Tell those who watch a key. Deletions are called as the SDKs read them, where the page says `DEL`."""
        value = change.value
        parts = [b"NOTIFY", b"DELETE"] if value is None else [b"NOTIFY", b"SET", b"VALUE", value]
        payload, properties = encode_array(parts), (("__protVer", "1.0"), *_version(change.version))
        for session in self._watchers.get(change.key, ()):
            topic = notification_topic(session.client_id, change.key)
            self._send(session, Message(topic, payload, 1, user_properties=properties), now)

    def _send(self, session: Session, message: Message, now: Moment) -> None:
        """Send now, or after what is to be on disk before; what was read may be as new as what waits for its commit."""
        if self._promises.batch.state:
            self._waiting.append((self._promises.number, session, message))
        elif self._waiting:
            self._waiting.append((self._waiting[-1][0], session, message))
        else:
            self._delivery.deliver_to(session, message, now)


def _version(version: LogicalTime | None) -> tuple[tuple[str, str], ...]:
    return () if version is None else (("__ts", str(version)),)


def _time(text: str | None, what: str, now: Moment) -> LogicalTime | None:
    if text is None:
        return None
    time = parse_time(text)
    if time is None:
        raise StateError("malformed timestamp")
    if time.is_ahead(now):
        detail = "is too far in the future; ensure that the client and broker system clocks are synchronized"
        raise StateError(f"{what} {detail}")
    return time
