"""Acknowledgements leave in the order in which the messages came."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.exceptions import ProtocolViolation
from tidegate.mqtt.acks import AckWindow
from tidegate.mqtt.packets import encode_puback, encode_puback_run, encode_pubrec


def test_an_acknowledgement_waits_for_those_before_it() -> None:
    window = AckWindow(set())
    output: list[bytes] = []
    for packet_id in (7, 3, 9):
        window.receive(packet_id, 1)
    window.acknowledge(9, 0, output)
    window.acknowledge(3, 0x97, output)
    assert output == []
    assert len(window.order) == 3
    window.acknowledge(7, 0, output)
    assert output == [encode_puback(7), encode_puback(3, 0x97), encode_puback(9)]
    assert len(window.order) == 0


def test_qos_1_and_2_share_one_order_and_accepted_qos_2_is_remembered() -> None:
    received_qos2: set[int] = set()
    window = AckWindow(received_qos2)
    output: list[bytes] = []
    for packet_id, qos in ((1, 2), (2, 1), (3, 2), (4, 2)):
        window.receive(packet_id, qos)
    window.acknowledge(2, 0, output)
    window.acknowledge(3, 0x87, output)
    window.acknowledge(4, 0x10, output)
    assert output == []
    window.acknowledge(1, 0, output)
    assert output == [encode_pubrec(1), encode_puback(2), encode_pubrec(3, 0x87), encode_pubrec(4, 0x10)]
    assert received_qos2 == {1, 4}


def test_a_packet_id_that_is_not_answered_cannot_come_again() -> None:
    window = AckWindow(set())
    window.receive(5, 1)
    with pytest.raises(ProtocolViolation, match=r"packet identifier 5 is in use \[MQTT-2.2.1-4\]"):
        window.receive(5, 1)


def test_an_answered_packet_id_may_come_again() -> None:
    window = AckWindow(set())
    output: list[bytes] = []
    for _ in range(2):
        window.receive(5, 1)
        window.acknowledge(5, 0, output)
    assert output == [encode_puback(5)] * 2


def test_settling_twice_is_our_mistake_and_seen_at_once() -> None:
    window = AckWindow(set())
    window.receive(1, 1)
    window.receive(2, 1)
    window.acknowledge(2, 0, [])
    with pytest.raises(AssertionError, match="packet identifier 2 is settled twice"):
        window.acknowledge(2, 0, [])
    with pytest.raises(AssertionError, match="packet identifier 9 is settled twice"):
        window.acknowledge(9, 0, [])


def test_many_are_accepted_as_one_by_one() -> None:
    for accepted in ([5, 2, 9], [5], [], [2, 9, 5], [9, 5, 2], [5, 9]):
        at_once, one_by_one = AckWindow(set()), AckWindow(set())
        outputs: tuple[list[bytes], list[bytes]] = ([], [])
        for window in (at_once, one_by_one):
            for packet_id, qos in ((5, 1), (2, 1), (9, 2), (1, 1)):
                window.receive(packet_id, qos)
        at_once.accept(accepted, outputs[0])
        for packet_id in accepted:
            one_by_one.acknowledge(packet_id, 0, outputs[1])
        assert b"".join(outputs[0]) == b"".join(outputs[1])
        assert len(at_once.order) == len(one_by_one.order)


def test_accepting_the_first_lets_go_those_that_were_settled_behind_it() -> None:
    window = AckWindow(set())
    output: list[bytes] = []
    for packet_id in (5, 2, 9):
        window.receive(packet_id, 1)
    window.acknowledge(2, 0x97, output)
    window.accept([5], output)
    assert output == [encode_puback(5), encode_puback(2, 0x97)]
    assert len(window.order) == 1


def test_accepting_more_than_is_open_is_our_mistake_and_seen_at_once() -> None:
    window = AckWindow(set())
    window.receive(5, 1)
    with pytest.raises((AssertionError, LookupError)):
        window.accept([5, 5], [])


@given(st.lists(st.sampled_from([1, 2]), max_size=60), st.integers())
def test_the_order_holds_however_settling_is_ordered(qualities: list[int], seed: int) -> None:
    received_qos2: set[int] = set()
    window = AckWindow(received_qos2)
    arrivals = list(enumerate(qualities, 1))
    for packet_id, qos in arrivals:
        window.receive(packet_id, qos)
    output: list[bytes] = []
    settled: set[int] = set()
    for packet_id in Random(seed).sample(range(1, len(arrivals) + 1), len(arrivals)):
        window.acknowledge(packet_id, 0, output)
        settled.add(packet_id)
        assert len(output) + len(window.order) == len(arrivals)
        ready = next((index for index, (other, _) in enumerate(arrivals) if other not in settled), len(arrivals))
        assert output == [encode_puback(other) if qos == 1 else encode_pubrec(other) for other, qos in arrivals[:ready]]
    assert received_qos2 == {packet_id for packet_id, qos in arrivals if qos == 2}


def test_an_identifier_may_be_used_again_once_it_is_answered() -> None:
    window = AckWindow(set())
    output: list[bytes] = []
    for packet_id, qos in ((1, 2), (2, 1), (3, 1)):
        window.receive(packet_id, qos)
    window.accept([1, 2, 3], output)
    output.clear()
    for packet_id in (1, 2, 3):
        window.receive(packet_id, 1)
    window.accept([1, 2, 3], output)
    assert b"".join(output) == encode_puback_run((1, 2, 3)), "an acknowledgement has the kind of the message it is for"
    for packet_id in (1, 2, 3):
        window.receive(packet_id, 1)
