"""MQTT 5, sections 4.9 to 4.13: flow control, request and response, redirection, enhanced authentication and errors."""

import pytest
from mqtt5 import (
    AuthPacket,
    AuthReasonCode,
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PublishPacket,
    SubAckPacket,
    Will,
)
from tests.broker_play import (
    BrokerPlay,
    Client,
    puback,
    pubcomp,
    publish,
    pubrec,
    pubrel,
    subscribe,
    subscription,
)
from tests.mqtt.wire import raw_packet

from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.events import AuthenticationRequested
from tidegate.broker.identity import Accepted, Challenge, Identity, Presented, Refused

SAT = "K8S-SAT"
GUARDED = ListenerPolicy(needs_authentication=True)
ONE = Accepted(Identity("one", "subject"))


def auth(reason_code: int, method: str | None = SAT, data: bytes | None = None) -> AuthPacket:
    return AuthPacket(reason_code=AuthReasonCode(reason_code), authentication_method=method, authentication_data=data)


def opening(client_id: str = "one", method: str | None = SAT, data: bytes | None = b"1") -> ConnectPacket:
    return ConnectPacket(client_id, authentication_method=method, authentication_data=data, session_expiry_interval=100)


def authenticated(play: BrokerPlay) -> Client:
    """Return a client that came in by its method."""
    client = play.client(GUARDED).send(opening())
    play.decide(ONE)
    [connack] = client.said()
    assert isinstance(connack, ConnAckPacket)
    assert connack.authentication_method == SAT
    return client


def presented(play: BrokerPlay) -> Presented:
    """Return what the only open request for a verdict is about."""
    [event] = [event for event in play.events if isinstance(event, AuthenticationRequested)]
    return event.presented


def unanswered_at_most(client: Client, receive_maximum: int, total: int) -> list[bytes]:
    """Answer what the client gets bit by bit, in various ways; return the payloads in the order they came."""
    open_ids: list[tuple[int, int]] = []
    came: list[bytes] = []
    turn = 0
    while len(came) < total or open_ids:
        for each in client.said():
            if isinstance(each, PublishPacket):
                assert each.packet_id is not None
                open_ids.append((each.packet_id, int(each.qos)))
                came.append(each.payload)
        assert 0 < len(open_ids) <= receive_maximum
        packet_id, qos = open_ids.pop(turn % len(open_ids))
        turn += 1
        if qos == 1:
            client.send(puback(packet_id, 0x80 if turn % 3 == 0 else 0))
        elif turn % 3 == 0:
            client.send(pubrec(packet_id, 0x80))
        else:
            client.send(pubrec(packet_id)).expect(pubrel(packet_id))
            client.send(pubcomp(packet_id))
    return came


@pytest.mark.parametrize("receive_maximum", [1, 2, 7, 65_535])
def test_mqtt_4_9_0_1_the_send_quota_begins_at_the_receive_maximum(receive_maximum: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=receive_maximum).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in range(10):
        publisher.send(publish("a", b"%d" % number, qos=1 + number % 2, packet_id=number + 1), pubrel(number + 1))
    assert len(client.said()) == min(receive_maximum, 10)


def test_mqtt_4_9_0_1_without_a_receive_maximum_it_is_65_535_and_in_mqtt_3_1_1_too() -> None:
    play = BrokerPlay()
    client = play.connect("one").subscribe("a", 1)
    old = play.connect_3_1_1().send(b"\x82\x06\x00\x01\x00\x01a\x01")
    old.raw()
    publisher = play.connect("publisher")
    for _ in range(2_000):
        publisher.send(publish("a", qos=1, packet_id=1))
    assert len(client.said()) == 2_000
    assert old.raw().count(b"\x32\x05\x00\x01a") == 2_000


@pytest.mark.parametrize("receive_maximum", [1, 2, 5])
def test_mqtt_4_9_0_2_no_more_than_the_receive_maximum_is_ever_unanswered(receive_maximum: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=receive_maximum).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in range(20):
        publisher.send(publish("a", b"%d" % number, qos=1 + number % 2, packet_id=number + 1), pubrel(number + 1))
    came = unanswered_at_most(client, receive_maximum, 20)
    assert came == [b"%d" % number for number in range(20)]


def test_mqtt_4_9_0_2_pubrec_takes_no_place_back_but_pubcomp_and_a_refusal_do() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=1).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in (1, 2, 3):
        publisher.send(publish("a", b"%d" % number, qos=2, packet_id=number))
    client.expect(publish("a", b"1", qos=2, packet_id=1))
    client.send(pubrec(1)).expect(pubrel(1))
    client.send(pubcomp(1)).expect(publish("a", b"2", qos=2, packet_id=2))
    client.send(pubrec(2, 0x80)).expect(publish("a", b"3", qos=2, packet_id=3))


def test_mqtt_4_9_0_2_answers_to_nothing_make_no_room() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=1).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in (1, 2):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number))
    client.said()
    client.send(puback(7), puback(8), pubcomp(9), *(puback(number) for number in (20, 21, 22, 23))).expect()


@pytest.mark.parametrize("receive_maximum", [1, 2])
def test_mqtt_4_9_0_2_resends_keep_to_the_receive_maximum_of_their_connection(receive_maximum: int) -> None:
    play = BrokerPlay()
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 2)
    publisher = play.connect("publisher")
    for number in range(6):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number + 1))
    client.said()
    client.cut()
    again = play.connect("one", clean_start=False, receive_max=receive_maximum)
    assert unanswered_at_most(again, receive_maximum, 6) == [b"%d" % number for number in range(6)]


def test_mqtt_4_9_0_3_all_else_goes_on_without_send_quota() -> None:
    play = BrokerPlay()
    client = play.connect("one", receive_max=1).subscribe("a", 1)
    watcher = play.connect("watcher").subscribe("b", 0)
    publisher = play.connect("publisher")
    for number in (1, 2):
        publisher.send(publish("a", b"%d" % number, qos=1, packet_id=number))
    client.expect(publish("a", b"1", qos=1, packet_id=1))
    client.send(
        PingReqPacket(),
        publish("b", b"0"),
        publish("b", b"1", qos=1, packet_id=1),
        publish("b", b"2", qos=2, packet_id=2),
        pubrel(2),
        subscribe(5, subscription("c", 0)),
    )
    kinds = [type(each).__name__ for each in client.said()]
    assert kinds == ["PingRespPacket", "PubAckPacket", "PubRecPacket", "PubCompPacket", "SubAckPacket"]
    assert len(watcher.said()) == 3


def test_section_4_10_a_request_reaches_its_responder_with_what_an_answer_needs() -> None:
    play = BrokerPlay()
    requester = play.connect("requester").subscribe("answers/requester", 1)
    responder = play.connect("responder").subscribe("$share/g/requests", 1)
    request = publish(
        "requests",
        b"?",
        qos=1,
        packet_id=1,
        response_topic="answers/requester",
        correlation_data=b"\x00\xff7",
        user_properties=[("b", "1"), ("a", "2"), ("b", "3")],
    )
    requester.send(request).expect(puback(1))
    responder.expect(request)
    answer = publish("answers/requester", b"!", qos=1, packet_id=1, correlation_data=b"\x00\xff7")
    responder.send(answer).expect(puback(1))
    requester.expect(answer)


def test_section_4_10_1_who_asks_for_response_information_may_be_given_none() -> None:
    client = BrokerPlay().connect("one", request_response_info=True)
    assert client.connack is not None
    assert client.connack.response_info is None


def test_section_4_11_the_server_sends_nobody_elsewhere() -> None:
    play = BrokerPlay()
    client = play.connect("one")
    assert client.connack is not None
    assert client.connack.server_reference is None
    play.broker.shut_down(play.now)
    client.expect_bytes(b"\xe0\x01\x8b")


def test_mqtt_4_12_0_1_a_method_that_the_server_does_not_have_ends_the_connection() -> None:
    play = BrokerPlay()
    play.client().send(opening(method="UNKNOWN")).expect_refused(0x8C)
    client = play.client(GUARDED).send(opening(method="UNKNOWN"))
    assert presented(play).method == "UNKNOWN"
    play.decide(Refused(0x8C, "no such method"))
    client.expect_refused(0x8C)


def test_mqtt_4_12_0_2_and_4_12_0_5_a_server_that_needs_more_says_0x18_and_names_the_method() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(opening())
    for number in range(3):
        play.decide(Challenge(b"%d" % number))
        client.expect(auth(0x18, SAT, b"%d" % number))
        client.send(auth(0x18, SAT, b"answer %d" % number)).expect()
        assert (presented(play).method, presented(play).data) == (SAT, b"answer %d" % number)
    play.decide(ONE)
    [connack] = client.said()
    assert isinstance(connack, ConnAckPacket)
    assert (int(connack.reason_code), connack.authentication_method) == (0, SAT)


@pytest.mark.parametrize("challenges", [0, 1, 2])
@pytest.mark.parametrize("reason_code", [0x86, 0x87, 0x8C])
def test_mqtt_4_12_0_4_authentication_may_be_refused_at_any_point(reason_code: int, challenges: int) -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(opening())
    for _ in range(challenges):
        play.decide(Challenge(b"?"))
        client.said()
        client.send(auth(0x18))
    play.decide(Refused(reason_code, "no"))
    client.expect_refused(reason_code)
    client.send(auth(0x18), PingReqPacket()).expect()


def test_mqtt_4_12_0_5_another_method_is_a_protocol_error() -> None:
    play = BrokerPlay()
    for method in ("OTHER", None, ""):
        client = play.client(GUARDED).send(opening())
        play.decide(Challenge(b"?"))
        client.said()
        client.send(auth(0x18, method)).expect_refused(0x82)
    play.events.clear()
    authenticated(play).send(auth(0x19, "OTHER")).expect_closed(0x82)


def test_mqtt_4_12_0_6_without_a_method_there_is_no_auth_and_no_method_in_connack() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", username="u", password=b"p"))
    play.decide(ONE)
    [connack] = client.said()
    assert isinstance(connack, ConnAckPacket)
    assert connack.authentication_method is None
    assert connack.authentication_data is None


@pytest.mark.parametrize("packet", [auth(0x18), auth(0x19), auth(0x19, None), b"\xf0\x00"])
def test_mqtt_4_12_0_6_an_auth_of_a_client_that_named_no_method_is_a_protocol_error(packet: Packet | bytes) -> None:
    BrokerPlay().connect("one").send(packet).expect_closed(0x82)


def test_section_4_12_auth_before_connect_closes_the_connection_without_a_word() -> None:
    client = BrokerPlay().client(GUARDED).send(auth(0x18)).expect()
    assert client.connection.wants_close


@pytest.mark.parametrize("early", [auth(0x18), auth(0x19), PingReqPacket(), publish("a"), pubrel(1)])
def test_section_4_12_before_it_was_asked_a_client_says_nothing_more(early: Packet) -> None:
    """Until CONNACK a client with a method says AUTH, in its turn, or DISCONNECT [MQTT-3.1.2-30]."""
    play = BrokerPlay()
    play.client(GUARDED).send(opening(), early).expect_refused(0x82)
    client = play.client(GUARDED).send(opening())
    play.decide(Challenge(b"?"))
    client.said()
    client.send(auth(0x18), early).expect_refused(0x82)


def test_section_4_12_a_client_may_give_up() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(opening())
    play.decide(Challenge(b"?"))
    client.said()
    client.send(DisconnectPacket()).expect_closed()


def test_section_4_12_1_a_client_authenticates_again_while_its_messages_go_on() -> None:
    play = BrokerPlay()
    client = authenticated(play).subscribe("a", 0)
    client.send(auth(0x19, SAT, b"2"), publish("a", b"0"))
    client.expect(publish("a", b"0"))
    assert presented(play).data == b"2"
    assert presented(play).subject_before == "subject"
    play.decide(Challenge(b"?"))
    client.expect(auth(0x18, SAT, b"?"))
    client.send(publish("a", b"1"), auth(0x18, SAT, b"3"), publish("a", b"2"))
    client.expect(publish("a", b"1"), publish("a", b"2"))
    play.decide(ONE)
    client.expect(auth(0x00))
    client.send(PingReqPacket(), auth(0x19)).expect(PingRespPacket())


@pytest.mark.parametrize("challenges", [0, 1])
def test_mqtt_4_12_1_2_a_failed_re_authentication_ends_the_connection(challenges: int) -> None:
    play = BrokerPlay()
    watcher = play.connect("watcher").subscribe("will", 0)
    client = play.client(GUARDED).send(
        ConnectPacket("one", authentication_method=SAT, will=Will("will", payload=b"w"), session_expiry_interval=0)
    )
    play.decide(ONE)
    client.said()
    client.send(auth(0x19))
    for _ in range(challenges):
        play.decide(Challenge(b"?"))
        client.said()
        client.send(auth(0x18))
    play.decide(Refused(0x86, "no"))
    client.expect_closed(0x87)
    watcher.expect(publish("will", b"w"))


MALFORMED = {
    "packet type 0": b"\x00\x00",
    "flags of PUBACK": b"\x41\x02\x00\x01",
    "flags of PUBREC": b"\x51\x02\x00\x01",
    "flags of PUBCOMP": b"\x71\x02\x00\x01",
    "QoS 3": b"\x36\x07\x00\x01a\x00\x01\x00x",
    "fields longer than the packet": b"\x30\x03\x00\x09a",
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "packet identifier 0": b"\x32\x06\x00\x01a\x00\x00\x00",
    "bytes behind the last field": b"\xe0\x03\x00\x00\x00",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_mqtt_4_13_1_1_a_malformed_packet_ends_the_connection(data: bytes) -> None:
    play = BrokerPlay()
    other = play.connect("other").subscribe("a", 0)
    client = play.connect("one").send(publish("a", b"before"), data + publish("a", b"behind").write())
    client.expect_closed(0x81)
    other.expect(publish("a", b"before"))
    client.send(publish("a", b"later")).expect()
    other.expect()
    assert not other.connection.wants_close


WRONG = {
    "a second CONNECT": ConnectPacket("one").write(),
    "CONNACK": b"\x20\x03\x00\x00\x00",
    "SUBACK": raw_packet(0x90, b"\x00\x01\x00\x00"),
    "UNSUBACK": raw_packet(0xB0, b"\x00\x01\x00\x00"),
    "PINGRESP": b"\xd0\x00",
    "no filter": raw_packet(0x82, b"\x00\x01\x00"),
    "a subscription identifier in PUBLISH": publish("a", subscription_ids=[3]).write(),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_mqtt_4_13_1_1_a_protocol_error_ends_the_connection(data: bytes) -> None:
    BrokerPlay().connect("one").send(data).expect_closed(0x82)


@pytest.mark.parametrize(
    "data", [b"\x00\x00", b"\x20\x02\x00\x00", b"\x41\x02\x00\x01", b"\xf0\x00", b"\x36\x04\x00\x01ax"]
)
def test_section_4_8_of_mqtt_3_1_1_an_error_ends_the_connection_without_a_word(data: bytes) -> None:
    assert BrokerPlay().connect_3_1_1().send(data).expect_bytes().connection.wants_close


def test_mqtt_4_13_2_1_a_refusing_connack_or_disconnect_ends_the_connection() -> None:
    """And the session goes on as its expiry says, with what was promised."""
    play = BrokerPlay()
    play.client().send(opening(method="UNKNOWN")).expect_refused(0x8C)
    client = play.connect("one", session_expiry_interval=100).subscribe("a", 1)
    client.send(b"\x00\x00").expect_closed(0x81)
    play.connect("publisher").send(publish("a", b"x", qos=1, packet_id=1)).expect(puback(1))
    again = play.connect("one", clean_start=False)
    again.expect(publish("a", b"x", qos=1, packet_id=1))
    [answer] = again.send(subscribe(1, subscription("$share/x/y", 0))).said()
    assert isinstance(answer, SubAckPacket)
