"""Batches against the codec: whatever is written or taken by stride is what the codec says it is."""

import pytest
from benchmarks.wire import NUMBERED, Acknowledgements, PublishBatch, Publishes, encode_pubacks, packet_spans
from mqtt5 import PingReqPacket, PubAckPacket, PubAckReasonCode, PublishPacket, QoS, read


def publishes(data: bytes) -> list[PublishPacket]:
    packets = [read(memoryview(data)[start:end])[0] for start, _, end in packet_spans(data)]
    assert all(isinstance(packet, PublishPacket) for packet in packets)
    return packets  # type: ignore[return-value]


@pytest.mark.parametrize("payload_bytes", [8, 256, 4096])
def test_a_batch_is_what_the_codec_reads_and_its_packet_ids_go_round(payload_bytes: int) -> None:
    batch = PublishBatch(1, payload_bytes, ("t",), 700)
    packet_ids = []
    for _ in range(100):
        packets = publishes(bytes(batch.encode(700)))
        packet_ids += [packet.packet_id for packet in packets]
        assert all(packet.topic == "t" and packet.qos == QoS.AT_LEAST_ONCE for packet in packets)
        assert {len(packet.payload) for packet in packets} == {payload_bytes}
    assert packet_ids == [index % 65_535 + 1 for index in range(70_000)]


@pytest.mark.parametrize("properties", [[], [("key", "x" * 60)] * 3])
def test_a_payload_of_json_has_its_number_in_five_digits(properties: list[tuple[str, str]]) -> None:
    batch = PublishBatch(1, 0, ("t",), 700, payload=NUMBERED + b'10000,"speed":1180}')
    packets = publishes(bytes(batch.encode(3)) + bytes(batch.encode(700)))
    assert [packet.payload for packet in packets[:4]] == [
        NUMBERED + b'%d,"speed":1180}' % number for number in (10_001, 10_002, 10_003, 10_004)
    ]
    assert len({packet.payload for packet in packets}) == 703
    taker = Publishes()
    for packet in packets:
        payload = packet.payload.replace(b"1180", b'1180,"load":4720')
        sent = PublishPacket("t", payload, qos=packet.qos, packet_id=packet.packet_id, user_properties=properties)
        assert taker.feed(sent.write()).count == 1
    assert taker.checksum == batch.checksum == sum(10_000 + number for number in range(1, 704))


def test_the_topics_of_a_batch_come_in_turn() -> None:
    batch = PublishBatch(1, 8, ("a", "b", "c"), 4, retain=True)
    packets = [packet for count in (4, 1, 2) for packet in publishes(bytes(batch.encode(count)))]
    assert [packet.topic for packet in packets] == list("abcabca")
    assert [packet.packet_id for packet in packets] == [1, 2, 3, 4, 5, 6, 7]
    assert all(packet.retain for packet in packets)


def test_a_batch_of_qos_0_has_no_packet_ids() -> None:
    packets = publishes(bytes(PublishBatch(0, 256, ("t",)).encode(3)))
    assert [packet.packet_id for packet in packets] == [None] * 3


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("read_bytes", [1, 7, 300, 100_000])
def test_publishes_are_taken_however_the_reads_fall(qos: int, read_bytes: int) -> None:
    stamps = list(range(1, 50))
    other = PublishPacket("other topic", b"y" * 20, qos=QoS(qos), packet_id=9 if qos else None).write()
    batch = PublishBatch(qos, 64, ("t",))
    stream = bytes(batch.encode_stamped(stamps)) + PingReqPacket().write() + other + bytes(batch.encode(2))
    taker = Publishes(wants_stamps=True)
    count = 0
    pubacks = b""
    taken_stamps: list[int] = []
    others: list[bytes] = []
    for start in range(0, len(stream), read_bytes):
        taken = taker.feed(stream[start : start + read_bytes])
        count += taken.count
        pubacks += taken.pubacks
        taken_stamps += taken.stamps_ns
        others += taken.others
    assert count == 52
    assert taken_stamps[:49] == stamps
    assert others == [PingReqPacket().write()]
    assert taker.duplicates == 0
    expected_ids = [*range(1, 50), 9, 50, 51] if qos else []
    assert pubacks == b"".join(PubAckPacket(packet_id).write() for packet_id in expected_ids)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_in_the_place_of_another_shows_in_the_checksum(qos: int) -> None:
    batch = PublishBatch(qos, 64)
    sent = bytes(batch.encode(1000))
    whole, torn = Publishes(), Publishes()
    size = batch.packet_bytes
    assert whole.feed(sent).count == torn.feed(sent[:-size] + sent[:size]).count == 1000
    assert whole.checksum == batch.checksum
    assert torn.checksum != batch.checksum


def test_duplicates_are_counted() -> None:
    first, again = (
        PublishPacket("t", b"x", qos=QoS.AT_LEAST_ONCE, packet_id=1, duplicate=duplicate).write()
        for duplicate in (False, True)
    )
    taker = Publishes()
    assert taker.feed(first + again + again + first).count == 4
    assert taker.duplicates == 2


@pytest.mark.parametrize("read_bytes", [1, 3, 4, 1000])
def test_acknowledgements_are_counted_with_those_that_failed(read_bytes: int) -> None:
    refused = PubAckPacket(3, reason_code=PubAckReasonCode.QUOTA_EXCEEDED).write()
    unmatched = PubAckPacket(4, reason_code=PubAckReasonCode.NO_MATCHING_SUBSCRIBERS).write()
    stream = (
        encode_pubacks(b"\0\1", b"\1\2") + refused + unmatched + PingReqPacket().write() + encode_pubacks(b"\0", b"\5")
    )
    counter = Acknowledgements()
    count = sum(counter.feed(stream[start : start + read_bytes]) for start in range(0, len(stream), read_bytes))
    assert (count, counter.failed) == (5, 1)
