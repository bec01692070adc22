"""Relays with a bug planted on purpose: the worlds have to find each of them, or they prove nothing.

Knows the relay's public calls. Does not know its insides: a bug is planted between the relay and its sockets, or in its counters.
"""

from collections.abc import Callable

from mqtt5 import PubAckPacket, PublishPacket, read

from tidegate.exceptions import MqttError
from tidegate.flow.events import Side
from tidegate.flow.plan import FlowPlan
from tidegate.flow.relay import Relay
from tidegate.moment import Moment
from tidegate.mqtt.fixed_header import packet_bytes

__all__ = ["PLANTED"]

CONNACK = 0x20
PUBLISH = 0x30
PUBACK = 0x40
QOS_1 = 0x02
DUPLICATE = 0x08


class _Bugged(Relay):
    """A relay whose packets pass through a hand that may change them."""

    def __init__(
        self, plan: FlowPlan, *, new_id: Callable[[], str], held_filters: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(plan, new_id=new_id, held_filters=held_filters)
        self.rest = {side: b"" for side in Side}

    def received(self, side: Side, packet: bytes) -> bytes:
        """Return what the relay is to see in place of one packet."""
        return packet

    def sent(self, side: Side, packets_sent: list[bytes]) -> list[bytes]:
        """Return what is to leave in place of the packets of one write."""
        return packets_sent

    def connection_made(self, side: Side, now: Moment, token: bytes | None = None) -> None:
        """Begin a connection with no bytes left over."""
        self.rest[side] = b""
        super().connection_made(side, now, token)

    def receive_data(self, side: Side, data: bytes, now: Moment) -> None:
        """Take bytes, and pass on whole packets only."""
        whole, self.rest[side] = _split(self.rest[side] + data)
        super().receive_data(side, b"".join(self.received(side, packet) for packet in whole), now)

    def data_to_send(self, side: Side, now: Moment) -> list[bytes]:
        """Write what the hand leaves."""
        data = b"".join(super().data_to_send(side, now))
        return self.sent(side, _split(data)[0])


class _AcknowledgesEarly(_Bugged):
    """Answers the source as soon as a message has come."""

    def __init__(
        self, plan: FlowPlan, *, new_id: Callable[[], str], held_filters: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(plan, new_id=new_id, held_filters=held_filters)
        self.early: list[bytes] = []

    def received(self, side: Side, packet: bytes) -> bytes:
        """Answer each PUBLISH of QoS 1."""
        if side is Side.SOURCE and packet[0] & 0xF6 == PUBLISH | QOS_1:
            publish, _ = read(memoryview(packet))
            assert isinstance(publish, PublishPacket) and publish.packet_id is not None
            self.early.append(PubAckPacket(publish.packet_id).write())
        return packet

    def sent(self, side: Side, packets_sent: list[bytes]) -> list[bytes]:
        """Write the early answers in place of the right ones."""
        if side is Side.DESTINATION:
            return packets_sent
        early, self.early = self.early, []
        return [packet for packet in packets_sent if packet[0] != PUBACK] + early


class _AcknowledgesOutOfOrder(_Bugged):
    """Turns round the acknowledgements that leave together."""

    def sent(self, side: Side, packets_sent: list[bytes]) -> list[bytes]:
        """Write PUBACK packets last and in the wrong order."""
        if side is Side.DESTINATION:
            return packets_sent
        answers = [packet for packet in packets_sent if packet[0] == PUBACK]
        return [packet for packet in packets_sent if packet[0] != PUBACK] + answers[::-1]


class _ForgetsDuplicateFlag(_Bugged):
    """Resends without DUP."""

    def sent(self, side: Side, packets_sent: list[bytes]) -> list[bytes]:
        """Clear DUP in each PUBLISH."""
        return [_without_duplicate_flag(packet) for packet in packets_sent]


class _ForgetsOrphans(_Bugged):
    """Takes each redelivery for something new, so that it is sent twice."""

    def received(self, side: Side, packet: bytes) -> bytes:
        """Clear DUP in each PUBLISH."""
        return _without_duplicate_flag(packet) if side is Side.SOURCE else packet


class _IgnoresLimits(_Bugged):
    """Does not see what a CONNACK announces."""

    def received(self, side: Side, packet: bytes) -> bytes:
        """Take the properties out of a CONNACK."""
        if side is Side.DESTINATION and packet[0] == CONNACK:
            return bytes((CONNACK, 3, packet[2], packet[3], 0))
        return packet


class _TakesRefusalsForSuccess(_Bugged):
    """Does not look at the reason code of a PUBACK."""

    def received(self, side: Side, packet: bytes) -> bytes:
        """Make every PUBACK a success."""
        return bytes((PUBACK, 2, packet[2], packet[3])) if packet[0] == PUBACK else packet


class _LosesResends(_Bugged):
    """Forgets to write what is to be sent again."""

    def sent(self, side: Side, packets_sent: list[bytes]) -> list[bytes]:
        """Leave out each PUBLISH with DUP."""
        return [packet for packet in packets_sent if packet[0] & 0xF8 != PUBLISH | DUPLICATE]


class _CountsTwice(Relay):
    """Counts a delivered message once more, now and then."""

    def handle_timeout(self, now: Moment) -> None:
        """Do what is due, and miscount."""
        super().handle_timeout(now)
        self.counters.delivered += 1


class _NeverNoticesStalls(Relay):
    """Has no timers at all."""

    def next_timeout(self) -> float | None:
        """Want nothing, ever."""
        return None


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """Split bytes into whole packets and the rest; what is no packet stays together."""
    whole: list[bytes] = []
    try:
        while (length := packet_bytes(memoryview(data))) is not None and length <= len(data):
            whole.append(data[:length])
            data = data[length:]
    except MqttError:
        return [*whole, data], b""
    return whole, data


def _without_duplicate_flag(packet: bytes) -> bytes:
    return bytes((packet[0] & ~DUPLICATE,)) + packet[1:] if packet[0] & 0xF0 == PUBLISH else packet


def _maker(kind: type[Relay]) -> Callable[[FlowPlan, frozenset[str]], Relay]:
    return lambda plan, held_filters: kind(plan, new_id=lambda: "id", held_filters=held_filters)


PLANTED: dict[str, Callable[[FlowPlan, frozenset[str]], Relay]] = {
    "acknowledges_early": _maker(_AcknowledgesEarly),
    "acknowledges_out_of_order": _maker(_AcknowledgesOutOfOrder),
    "forgets_duplicate_flag": _maker(_ForgetsDuplicateFlag),
    "forgets_orphans": _maker(_ForgetsOrphans),
    "ignores_limits": _maker(_IgnoresLimits),
    "takes_refusals_for_success": _maker(_TakesRefusalsForSuccess),
    "loses_resends": _maker(_LosesResends),
    "counts_twice": _maker(_CountsTwice),
    "never_notices_stalls": _maker(_NeverNoticesStalls),
}
