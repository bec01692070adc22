"""The state store as clients see it."""

import mqtt5
import pytest
from tests.broker.test_recovery import restart, state_of
from tests.broker_play import WALL, BrokerPlay, Client, puback, publish, subscription

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.features import BrokerFeatures
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule
from tidegate.broker.state_payload import encode_array
from tidegate.broker.state_topics import INVOKE_TOPIC, NOTIFICATION_TOPICS, notification_topic

TIME = f"{int(WALL * 1000)}:0:test"
ANSWERS = "clients/answers"


def asked(*items: bytes, number: int = 1, payload: bytes | None = None, **fields: object) -> mqtt5.PublishPacket:
    """Return a request; `__ts` is given unless other user properties are."""
    fields.setdefault("user_properties", [("__ts", TIME)])
    fields.setdefault("response_topic", ANSWERS)
    fields.setdefault("correlation_data", b"c%d" % number)
    content = encode_array(items) if payload is None else payload
    return publish(INVOKE_TOPIC, content, qos=1, packet_id=number, **fields)


def answers(client: Client) -> list[bytes]:
    """Return the payloads that a client was sent, acknowledged."""
    packets = [each for each in client.said() if isinstance(each, mqtt5.PublishPacket)]
    for packet in packets:
        if packet.packet_id:
            client.send(puback(packet.packet_id))
    return [packet.payload for packet in packets]


def connected(play: BrokerPlay, client_id: str = "client", topic_filter: str = "clients/#") -> Client:
    return play.connect(client_id).subscribe(topic_filter, 1)


def ask(client: Client, *items: bytes, **fields: object) -> bytes:
    (answer,) = answers(client.send(asked(*items, **fields)))  # type: ignore[arg-type]  # what `asked` takes
    return answer


def test_a_request_and_its_answer() -> None:
    play = BrokerPlay()
    client = connected(play)
    client.send(asked(b"SET", b"k", b"v", number=7))
    said = client.said()
    (answer,) = [each for each in said if isinstance(each, mqtt5.PublishPacket)]
    assert puback(7) in [each for each in said if isinstance(each, mqtt5.PubAckPacket)]
    assert (answer.topic, answer.payload, answer.correlation_data) == (ANSWERS, b"+OK\r\n", b"c7")
    assert dict(answer.user_properties) == {
        "__stat": "200",
        "__protVer": "1.0",
        "__ts": f"{int(WALL * 1000):015d}:00001:StateStore",
    }
    client.send(puback(1))
    assert ask(client, b"GET", b"k", user_properties=[]) == b"$1\r\nv\r\n"
    assert ask(client, b"VDEL", b"k", b"x") == b":-1\r\n"
    assert ask(client, b"DEL", b"k") == b":1\r\n"
    assert ask(client, b"GET", b"k") == b"$-1\r\n"
    assert ask(client, b"KEYS") == b"*0\r\n"


@pytest.mark.parametrize(
    ("items", "fields", "text"),
    [
        ((b"get", b"k"), {}, "unknown command"),
        ((b"GET",), {}, "wrong number of arguments"),
        ((b"GET", b"a", b"b"), {}, "wrong number of arguments"),
        ((b"GET", b""), {}, "the key length is zero"),
        ((b"SET", b"k", b"v", b"XX"), {}, "syntax error"),
        ((b"KEYNOTIFY", b"k", b"GO"), {}, "syntax error"),
        ((), {}, "syntax error"),
        ((), {"payload": b"GET k"}, "syntax error"),
        ((), {"payload": b"$3\r\nGET\r\n"}, "syntax error"),
        ((b"SET", b"k", b"v"), {"user_properties": []}, "missing timestamp"),
        ((b"SET", b"k", b"v"), {"user_properties": [("__ts", "now")]}, "malformed timestamp"),
        ((b"SET", b"k", b"v"), {"user_properties": [("__ts", TIME), ("__ft", "x")]}, "malformed timestamp"),
        (
            (b"SET", b"k", b"v"),
            {"user_properties": [("__ts", f"{int(WALL + 61) * 1000}:0:n")]},
            "the request timestamp is too far in the future; ensure that the client and broker system clocks are synchronized",
        ),
        (
            (b"GET", b"k"),
            {"user_properties": [("__ft", f"{int(WALL + 61) * 1000}:0:n")]},
            "the request fencing token timestamp is too far in the future; "
            "ensure that the client and broker system clocks are synchronized",
        ),
    ],
)
def test_errors_in_the_words_of_the_protocol(items: tuple[bytes, ...], fields: dict[str, object], text: str) -> None:
    assert ask(connected(BrokerPlay()), *items, **fields) == f"-ERR {text}\r\n".encode()


def test_an_answer_waits_until_the_change_is_on_disk_and_keeps_its_place() -> None:
    play = BrokerPlay()
    client, watcher = connected(play), connected(play, "watcher")
    assert ask(watcher, b"KEYNOTIFY", b"k") == b"+OK\r\n"
    play.commits = False
    client.send(asked(b"SET", b"k", b"v"), asked(b"GET", b"k", number=2))
    assert play.take_batch() is not None
    client.send(asked(b"GET", b"other", number=3))
    assert answers(client) == []
    assert answers(watcher) == []
    play.commit()
    assert answers(client) == [b"+OK\r\n", b"$1\r\nv\r\n", b"$-1\r\n"]
    assert len(answers(watcher)) == 1


def test_keys_survive_a_kill() -> None:
    play = BrokerPlay()
    client = connected(play)
    for key in (b"a", b"b", b"gone"):
        ask(client, b"SET", key, b"value of " + key, b"EX", b"1000")
    ask(client, b"DEL", b"gone")
    assert [each.key for each in state_of(play.batches).state] == [b"a", b"b"]
    again = connected(restart(play))
    assert ask(again, b"GET", b"b") == b"$10\r\nvalue of b\r\n"
    assert ask(again, b"GET", b"gone") == b"$-1\r\n"


def test_who_watches_a_key_is_told_of_every_change() -> None:
    play = BrokerPlay()
    writer, watcher = connected(play, "writer"), connected(play, "watcher")
    snoop = connected(play, "snoop", NOTIFICATION_TOPICS + "#")
    assert ask(watcher, b"KEYNOTIFY", b"k") == b"+OK\r\n"
    ask(writer, b"SET", b"k", b"v")
    watcher.expect(
        publish(
            notification_topic("watcher", b"k"),
            b"*4\r\n$6\r\nNOTIFY\r\n$3\r\nSET\r\n$5\r\nVALUE\r\n$1\r\nv\r\n",
            qos=1,
            packet_id=2,
            user_properties=[("__protVer", "1.0"), ("__ts", f"{int(WALL * 1000):015d}:00001:StateStore")],
        )
    )
    watcher.send(puback(2))
    ask(writer, b"SET", b"other", b"v")
    ask(writer, b"DEL", b"k")
    assert answers(watcher) == [b"*2\r\n$6\r\nNOTIFY\r\n$6\r\nDELETE\r\n"]
    ask(writer, b"SET", b"k", b"v", b"PX", b"500")
    play.advance(1)
    assert [each[:5] for each in answers(watcher)] == [b"*4\r\n$", b"*2\r\n$"]
    assert (ask(watcher, b"KEYNOTIFY", b"k", b"STOP"), ask(watcher, b"KEYNOTIFY", b"k", b"STOP")) == (
        b"+OK\r\n",
        b":0\r\n",
    )
    ask(writer, b"SET", b"k", b"w")
    assert answers(watcher) == answers(writer) == answers(snoop) == []


def test_who_comes_back_has_to_ask_again() -> None:
    play = BrokerPlay()
    writer = connected(play, "writer")
    watcher = play.connect("watcher", session_expiry_interval=100).subscribe("clients/#", 1)
    ask(watcher, b"KEYNOTIFY", b"k")
    watcher.cut()
    again = play.connect("watcher", session_expiry_interval=100, clean_start=False)
    ask(writer, b"SET", b"k", b"v")
    assert answers(again) == []


def test_nobody_else_is_asked_or_answered() -> None:
    play = BrokerPlay()
    everything = play.connect("everything").subscribe("#", 1)
    client = connected(play)
    ask(client, b"SET", b"k", b"v")
    everything.expect()
    stranger = play.connect("stranger").subscribe(ANSWERS, 1)
    client.send(asked(b"GET", b"k", response_topic="clients/stranger"))
    stranger.expect()


def test_a_notification_cannot_be_forged() -> None:
    play = BrokerPlay()
    watcher = connected(play, "watcher")
    play.connect("forger").send(publish(notification_topic("watcher", b"k"), b"x", qos=1, packet_id=1)).expect(
        puback(1, 0x87)
    )
    watcher.expect()


@pytest.mark.parametrize("topic", [INVOKE_TOPIC, NOTIFICATION_TOPICS + "x"])
def test_a_response_topic_of_the_stores_own_ends_the_connection(topic: str) -> None:
    play = BrokerPlay()
    play.connect().send(asked(b"GET", b"k", response_topic=topic)).expect_closed(0x90)


def test_what_cannot_be_answered_is_refused_and_counted() -> None:
    play = BrokerPlay()
    client = connected(play)
    client.send(publish(INVOKE_TOPIC, encode_array([b"KEYS"]), qos=1, packet_id=1)).expect(puback(1, 0x83))
    client.send(publish(INVOKE_TOPIC, encode_array([b"KEYS"]), response_topic=ANSWERS, correlation_data=b"c")).expect()
    assert play.broker.statistics.dropped["state_store"] == 2


def test_a_will_asks_for_nothing() -> None:
    play = BrokerPlay()
    will = mqtt5.Will(
        topic=INVOKE_TOPIC, payload=encode_array([b"DEL", b"k"]), response_topic=INVOKE_TOPIC, correlation_data=b"c"
    )
    client = connected(play)
    ask(client, b"SET", b"k", b"v")
    play.connect("gone", will=will).cut()
    assert ask(client, b"GET", b"k") == b"$1\r\nv\r\n"


def test_rules_decide_who_may_ask() -> None:
    rules = AccessRules((AccessRule(client_ids=frozenset({"client"}), may_connect=True, subscribe=("#",)),))
    policy = ListenerPolicy(rules=rules)
    play = BrokerPlay()
    client = play.connect("client", policy)
    client.send(mqtt5.SubscribePacket(1, [subscription("clients/#", 1)]))
    client.said()
    client.send(asked(b"GET", b"k")).expect(puback(1, 0x87))


def test_a_broker_without_a_state_store_has_no_such_topic() -> None:
    play = BrokerPlay(BrokerLimits(features=BrokerFeatures(state_store=False)))
    subscriber = play.connect("subscriber").subscribe("statestore/#", 0)
    play.connect("one").send(publish(INVOKE_TOPIC, b"x"))
    subscriber.expect(publish(INVOKE_TOPIC, b"x"))


def test_the_limit_of_watched_keys() -> None:
    client = connected(BrokerPlay(BrokerLimits(state_watches_max=1)))
    assert ask(client, b"KEYNOTIFY", b"a") == ask(client, b"KEYNOTIFY", b"a") == b"+OK\r\n"
    assert ask(client, b"KEYNOTIFY", b"b") == b"-ERR the quota has been exceeded\r\n"
