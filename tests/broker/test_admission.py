"""Who is let in, with which session, and what is announced."""

import mqtt5
import pytest
from mqtt5 import AuthPacket, AuthReasonCode, ConnectPacket, DisconnectPacket
from tests.broker_play import BrokerPlay, publish

from tidegate.broker.access import AccessRules
from tidegate.broker.connection import ListenerPolicy
from tidegate.broker.events import AuthenticationRequested, ClientConnected, ClientDisconnected, ClientRefused
from tidegate.broker.identity import Accepted, Challenge, Identity, Refused
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.plan import AccessRule

GUARDED = ListenerPolicy(needs_authentication=True)
SAT = "K8S-SAT"


def connack_of(client: object) -> mqtt5.ConnAckPacket:
    connack = getattr(client, "connack", None)
    assert isinstance(connack, mqtt5.ConnAckPacket)
    return connack


def test_what_the_server_says_of_itself() -> None:
    connack = connack_of(BrokerPlay(BrokerLimits(receive_maximum=7, packet_bytes_max=9_999)).connect())
    assert (connack.receive_max, connack.max_packet_size, connack.topic_alias_max) == (7, 9_999, 64)
    assert int(connack.max_qos) == 2
    assert connack.retain_available and connack.wildcard_subscription_available
    assert connack.shared_subscription_available and connack.subscription_id_available
    assert connack.assigned_client_id is None and connack.server_keep_alive is None
    assert connack.session_expiry_interval is None


def test_a_client_without_an_identifier_is_given_one() -> None:
    play = BrokerPlay()
    assert connack_of(play.connect("")).assigned_client_id == "made-1"
    assert connack_of(play.connect("")).assigned_client_id == "made-2"
    taken = play.connect("made-3")
    assert connack_of(play.connect("")).assigned_client_id == "made-4"
    assert not taken.connection.wants_close


def test_limits_that_differ_from_what_was_asked_are_said() -> None:
    limits = BrokerLimits(session_expiry_seconds_max=60, keep_alive_seconds_max=30)
    connack = connack_of(BrokerPlay(limits).connect("one", keep_alive=0, session_expiry_interval=100))
    assert (connack.session_expiry_interval, connack.server_keep_alive) == (60, 30)
    connack = connack_of(BrokerPlay(limits).connect("one", keep_alive=20, session_expiry_interval=60))
    assert (connack.session_expiry_interval, connack.server_keep_alive) == (None, None)


def test_a_session_is_resumed_unless_clean_start() -> None:
    play = BrokerPlay()
    play.connect("one", session_expiry_interval=100).leave()
    assert connack_of(play.connect("one", session_expiry_interval=100)).session_present
    assert not connack_of(play.connect("one", session_expiry_interval=100, clean_start=True)).session_present


def test_a_take_over_ends_the_first_connection() -> None:
    play = BrokerPlay()
    first = play.connect("one", session_expiry_interval=100)
    second = play.connect("one", session_expiry_interval=100)
    first.expect_closed(0x8E)
    assert connack_of(second).session_present


def test_somebody_elses_session_is_not_handed_out() -> None:
    play = BrokerPlay()
    for subject in ("alice", "mallory"):
        client = play.client(GUARDED).send(ConnectPacket("one", username=subject, session_expiry_interval=100))
        play.decide(Accepted(Identity("one", subject)))
        said = client.said()[0]
        assert isinstance(said, mqtt5.ConnAckPacket)
        assert not said.session_present
        client.subscribe("secret")
        client.leave()


@pytest.mark.parametrize("reason_code", [0x86, 0x87, 0x8C])
def test_a_refused_credential_is_answered_and_nothing_said_why(reason_code: int) -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"token"))
    client.expect()
    play.decide(Refused(reason_code, "a token that has expired"))
    client.expect_refused(reason_code)
    assert any(isinstance(event, ClientRefused) and "expired" in event.detail for event in play.events)


def test_what_was_presented_reaches_the_host() -> None:
    play = BrokerPlay()
    play.client(GUARDED).send(ConnectPacket("one", username="u", password=b"p"))
    requested = next(event for event in play.events if isinstance(event, AuthenticationRequested))
    presented = requested.presented
    assert (presented.client_id, presented.username, presented.password) == ("one", "u", b"p")
    assert "p" not in repr(presented).split("object")[0].replace("Presented", "")


def test_a_client_that_leaves_in_the_same_read_was_there() -> None:
    play = BrokerPlay()
    said = play.client().send(ConnectPacket("one"), DisconnectPacket(), b"\xff").said()
    assert [type(packet) for packet in said] == [mqtt5.ConnAckPacket]
    assert not play.broker._sessions.everyone()
    assert [type(event) for event in play.events] == [ClientConnected, ClientDisconnected]


def test_a_client_that_leaves_in_the_same_read_is_checked_as_one_that_comes() -> None:
    play = BrokerPlay()
    client = play.client(ListenerPolicy(needs_authentication=True)).send(ConnectPacket("one"), DisconnectPacket())
    (event,) = play.events
    assert isinstance(event, AuthenticationRequested) and event.presented.subject_before is None
    play.decide(Accepted(Identity("one", "subject")))
    assert client.connection.wants_close and not play.broker._sessions.everyone()


def test_nothing_is_read_while_a_verdict_is_awaited() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", username="u"), publish("a", b"x"))
    assert not client.connection.wants_reading
    play.decide(Accepted(Identity("one", "u")))
    assert client.connection.wants_reading


def test_a_challenge_is_answered() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    play.decide(Challenge(b"more"))
    (auth,) = client.said()
    assert isinstance(auth, AuthPacket)
    assert (int(auth.reason_code), auth.authentication_method, auth.authentication_data) == (0x18, SAT, b"more")
    continued = AuthReasonCode.CONTINUE_AUTHENTICATION
    client.send(AuthPacket(reason_code=continued, authentication_method=SAT, authentication_data=b"2"))
    play.decide(Accepted(Identity("one", "s")))
    (connack,) = client.said()
    assert isinstance(connack, mqtt5.ConnAckPacket)
    assert connack.authentication_method == SAT


def test_a_client_authenticates_again() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    play.decide(Accepted(Identity("one", "s"), play.now.wall + 100))
    client.said()
    again = AuthReasonCode.RE_AUTHENTICATE
    client.send(AuthPacket(reason_code=again, authentication_method=SAT, authentication_data=b"2"))
    play.decide(Accepted(Identity("one", "s"), play.now.wall + 300))
    client.expect(AuthPacket(authentication_method=SAT))
    play.advance(200)
    assert not client.connection.wants_close
    play.advance(101)
    client.expect_closed()


def test_a_refused_second_authentication_ends_the_connection() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    play.decide(Accepted(Identity("one", "s")))
    client.said()
    again = AuthReasonCode.RE_AUTHENTICATE
    client.send(AuthPacket(reason_code=again, authentication_method=SAT, authentication_data=b"2"))
    play.decide(Refused(0x87, "no"))
    client.expect_closed(0x87)


def test_promise_09_a_client_that_is_judged_again_goes_or_is_somebody_with_other_rights() -> None:
    rules = AccessRules(
        (
            AccessRule(subjects=frozenset({"u"}), may_connect=True),
            AccessRule(attributes=((("line", "1"),),), subscribe=("a",)),
        )
    )
    play = BrokerPlay()
    client = play.client(ListenerPolicy(needs_authentication=True, rules=rules)).send(
        ConnectPacket("one", username="u")
    )
    play.decide(Accepted(Identity("one", "u", (("line", "1"),))))
    client.said()
    client.subscribe("a", qos=1)
    assert len(play.broker._sessions.get("one").subscriptions) == 1  # type: ignore[union-attr]
    play.broker.authentication_decided(client.connection, Accepted(Identity("one", "u", (("line", "2"),))), play.now)
    play.settle()
    assert client.said() == [], "nothing asked for it, so nothing is answered"
    assert play.broker._sessions.get("one").subscriptions == {}  # type: ignore[union-attr]
    play.broker.authentication_decided(client.connection, Refused(0x86, "gone"), play.now)
    play.settle()
    client.expect_closed(0x87)


def test_an_expired_credential_ends_the_connection_without_a_word() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", username="u"))
    play.decide(Accepted(Identity("one", "u"), play.now.wall + 50))
    client.said()
    play.advance(49)
    assert not client.connection.wants_close
    play.advance(2)
    client.expect_closed()


def test_a_method_without_authentication_is_refused() -> None:
    client = BrokerPlay().client().send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    client.expect_refused(0x8C)


def test_who_may_not_connect_or_publish_its_will_is_refused() -> None:
    rules = AccessRules((AccessRule(client_ids=frozenset({"one", "two"}), may_connect=True, publish=("a/#",)),))
    policy = ListenerPolicy(rules=rules)
    play = BrokerPlay()
    play.client(policy).send(ConnectPacket("three")).expect_refused(0x87)
    assert [each.client_id for each in play.events if isinstance(each, ClientRefused)] == ["three"]
    play.client(policy).send(ConnectPacket("one", will=mqtt5.Will("b"))).expect_refused(0x87)
    play.connect("two", policy, will=mqtt5.Will("a/b"))


def test_promise_09_a_will_may_not_go_to_the_brokers_own_topics() -> None:
    play = BrokerPlay()
    play.client().send(ConnectPacket("one", will=mqtt5.Will("$SYS/broker/version"))).expect_refused(0x87)


def test_promise_09_a_user_name_that_nobody_checks_is_nobodys() -> None:
    """On a listener without authentication anybody can write any name into CONNECT."""
    rules = AccessRules((AccessRule(subjects=frozenset({"alice"}), may_connect=True, subscribe=("#",)),))
    play = BrokerPlay()
    play.client(ListenerPolicy(rules=rules)).send(ConnectPacket("x", username="alice")).expect_refused(0x87)
    guarded = play.client(GUARDED).send(ConnectPacket("one", username="alice", session_expiry_interval=100))
    play.decide(Accepted(Identity("one", "alice")))
    guarded.said()
    guarded.subscribe("secret")
    guarded.leave()
    thief = play.connect("one", username="alice", session_expiry_interval=100, clean_start=False)
    assert thief.connack is not None and not thief.connack.session_present


def test_a_durable_session_is_on_disk_before_connack() -> None:
    play = BrokerPlay(commits=False)
    client = play.client().send(ConnectPacket("one", session_expiry_interval=100))
    client.expect()
    play.commit()
    assert isinstance(client.said()[0], mqtt5.ConnAckPacket)


def test_too_many_sessions_and_too_long_identifiers_are_refused() -> None:
    play = BrokerPlay(BrokerLimits(sessions_max=1, client_id_bytes_max=5))
    play.connect("one")
    play.client().send(ConnectPacket("two")).expect_refused(0x97)
    play.client().send(ConnectPacket("too-long")).expect_refused(0x85)


def test_a_client_that_takes_no_packet_as_long_as_its_connack_is_refused_as_far_as_it_can_be_told() -> None:
    for packet_bytes_max, told in ((15, b"\x20\x03\x00\x95\x00"), (5, b"\x20\x03\x00\x95\x00"), (4, b"")):
        play = BrokerPlay()
        client = play.client().send(ConnectPacket("one", max_packet_size=packet_bytes_max))
        assert client.raw() == told
        assert client.connection.wants_close
    assert len(BrokerPlay().client().send(ConnectPacket("one", max_packet_size=16)).raw()) == 16


def test_a_challenge_that_the_client_does_not_take_ends_the_connection() -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, max_packet_size=20))
    play.decide(Challenge(bytes(20)))
    client.expect_refused(0x95)


@pytest.mark.parametrize("turns", [[0x18], [0x19, 0x18], [0x19, 0x19]])
def test_auth_out_of_turn_ends_the_connection(turns: list[int]) -> None:
    play = BrokerPlay()
    client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
    play.decide(Accepted(Identity("one", "s")))
    client.said()
    client.send(*(AuthPacket(reason_code=AuthReasonCode(turn), authentication_method=SAT) for turn in turns))
    client.expect_closed(0x82)


def test_a_challenge_is_answered_once_and_by_nothing_else() -> None:
    for turns in ([0x19], [0x18, 0x18]):
        play = BrokerPlay()
        client = play.client(GUARDED).send(ConnectPacket("one", authentication_method=SAT, authentication_data=b"1"))
        play.decide(Challenge(b"more"))
        client.said()
        client.send(*(AuthPacket(reason_code=AuthReasonCode(turn), authentication_method=SAT) for turn in turns))
        client.expect_refused(0x82)
