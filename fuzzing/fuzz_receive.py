"""Feeds the receive path of the MQTT client bytes that no server would send, and checks what it promises.

usage: python -m fuzzing.fuzz_receive [--seconds N] [--seed N]

`check` is the target, shared with the tests: whatever the bytes and however they are split, only declared errors leave
the receive buffer and none leave the client, never more is held than was announced, and the packets are the same.
"""

from collections.abc import Iterator, Sequence
from random import Random

from fuzzing.damage import damaged, pieces
from fuzzing.runner import input_in_notes, run_as_command, run_for
from tidegate.exceptions import MalformedPacket, ProtocolViolation
from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt import fixed_header, packets
from tidegate.mqtt.buffer import ReceiveBuffer
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.client_settings import ClientSettings, Subscription
from tidegate.mqtt.events import ConnectionClosing, Event, PublishesAccepted, PublishSettled
from tidegate.mqtt.received import MessageReceived
from tidegate.mqtt.session import Session

__all__ = ["CONNACK", "check", "inputs", "main", "run"]

CONNACK = packets.ConnAckPacket().write()
PACKET_BYTES_MAX = 512
CONTROL_BYTES = (0x20, 0x30, 0x32, 0x34, 0x3A, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0, 0xF0)


def check(data: bytes, cuts: Sequence[int], packet_bytes_max: int | None = None) -> None:
    """Receive `data` whole, cut at the offsets `cuts`, and byte by byte.

    Raises:
        AssertionError: the receive path broke a promise. Any other exception is a broken promise as well.
    """
    splits = [[data], pieces(data, cuts), [data[index : index + 1] for index in range(len(data))]]
    whole, *others = [list(_packets(split, packet_bytes_max)) for split in splits]
    assert all(other == whole for other in others), "the packets depend on how the bytes were split"
    for is_connected in (False, True):
        whole_events, *other_events = [_outcomes(split, packet_bytes_max, is_connected) for split in splits]
        assert all(other == whole_events for other in other_events), "the events depend on how the bytes were split"


def _packets(split: Sequence[bytes], packet_bytes_max: int | None) -> Iterator[packets.Packet]:
    """Yield what the buffer received, in the codec's words: what comes without it does depend on how the bytes were split."""
    buffer = ReceiveBuffer(packet_bytes_max)
    received: list[packets.ReceivedPacket] = []
    for piece in split:
        try:
            buffer.feed(piece, received)
        except (MalformedPacket, ProtocolViolation):
            break
        assert len(buffer) < (packet_bytes_max or fixed_header.PACKET_BYTES_MAX), (
            "more is held than one incomplete packet"
        )
    for packet in received:
        if isinstance(packet, packets.PubAckRun):
            yield from (packets.PubAckPacket(packet_id) for packet_id in packet.packet_ids)
        elif isinstance(packet, MessageReceived):
            message = packet.message
            yield packets.PublishPacket(
                message.topic,
                message.payload,
                qos=packets.QoS(message.qos),
                retain=message.retain,
                packet_id=packet.packet_id or None,
                duplicate=packet.duplicate,
            )
        else:
            yield packet


def _outcomes(split: Sequence[bytes], packet_bytes_max: int | None, is_connected: bool) -> list[Event[str]]:
    """Return what a client made of the bytes, without how it closed; a connected one waits for SUBACK and PUBACKs."""
    now = Moment(1.0, 1.0)
    settings = ClientSettings(
        packet_bytes_max=packet_bytes_max, authentication_method="K8S-SAT", authentication_data=b"token"
    )
    client: ClientConnection[str] = ClientConnection(Session("fuzzed"), settings)
    client.connect(now)
    if is_connected:
        client.receive_data(CONNACK, now)
        client.subscribe([Subscription("plant/#", 1)], now)
        for number in range(12):
            client.publish(Message("plant/line", b"on", 1), f"token {number}")
    events: list[Event[str]] = []
    for piece in split:
        came = client.receive_data(piece, now)
        _check_ending(client, came)
        events += came
    outcomes: list[Event[str]] = []
    for event in events:
        if isinstance(event, PublishesAccepted):
            outcomes += [PublishSettled(token, 0, None) for token in event.tokens]
        elif not isinstance(event, ConnectionClosing):
            outcomes.append(event)
    return outcomes


def _check_ending(client: ClientConnection[str], came: list[Event[str]]) -> None:
    endings = [event for event in came if isinstance(event, ConnectionClosing)]
    assert len(endings) <= 1, "the connection ended twice"
    assert not endings or client.is_closing, "a connection that ended still reads"
    if client.is_closing:
        assert client.receive_data(CONNACK, Moment(2.0, 2.0)) == [], "something was read after the end"


def inputs(random: Random) -> Iterator[bytes]:
    """Yield inputs for ever: whole conversations of a server, damaged in ways that make other paths of the decoder run."""
    while True:
        data = b"".join(_packet(random) for _ in range(random.randint(0, 6)))
        data = (CONNACK if random.random() < 0.3 else b"") + data
        for _ in range(random.choice((0, 1, 1, 2, 5))):
            data = damaged(data, random)
        yield data


def _packet(random: Random) -> bytes:
    packet_id = random.choice((1, 2, 3, 4, random.randint(1, 65_535)))
    kind = random.randrange(8)
    if kind == 0:
        count = random.choice((1, 3, 12))
        return b"".join(packets.encode_puback(2 + number, random.choice((0, 0, 0, 0x97))) for number in range(count))
    if kind == 1:
        return packets.PubRelPacket(packet_id).write()
    if kind == 2:
        return packets.SubAckPacket(packet_id, [packets.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()
    if kind == 3:
        return packets.encode_auth(random.choice((0, 0x18, 0x19)), "K8S-SAT", random.randbytes(3))
    if kind == 4:
        body = random.randbytes(random.randint(0, 40))
        return bytes([random.choice(CONTROL_BYTES), len(body)]) + body
    topic = random.choice(("plant/line", "plant/größe", "p" * random.randint(1, 200)))
    message = Message(
        topic,
        random.randbytes(random.choice((0, 5, 300, PACKET_BYTES_MAX))),
        random.randint(0, 2),
        bool(random.getrandbits(1)),
        content_type=random.choice((None, "text/plain")),
        user_properties=(("unit", "mm"),) * random.randint(0, 3),
    )
    alias = random.choice((None, None, 1, 2, 300))
    return packets.encode_publish(message, packet_id if message.qos else None, False, topic, alias)


def run(seconds: float, seed: int) -> int:
    """Check inputs of a seed for some seconds; return how many. See `fuzzing.runner.run_for`."""

    def one(random: Random, data: bytes) -> None:
        cuts = [random.randint(0, len(data)) for _ in range(random.randint(0, 4))]
        limit = random.choice((None, PACKET_BYTES_MAX))
        with input_in_notes(f"check({data!r}, {cuts}, {limit})"):
            check(data, cuts, limit)

    return run_for(seconds, seed, inputs, one)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    run_as_command("Fuzz the receive path of the MQTT client.", run, arguments)


if __name__ == "__main__":
    main()
