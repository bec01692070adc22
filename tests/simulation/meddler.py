"""What servers do and the core does not: a hand between link and core that changes, holds back and answers packets.

Knows packets and a few misdeeds. Does not know why a server would do them, nor who is harmed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import mqtt5 as packets

from tests.simulation.door import Door, Whole
from tests.simulation.publication import Announcement, number_of
from tests.simulation.timeline import Timeline

__all__ = ["Meddler", "Misdeeds"]

NO_MATCHING_SUBSCRIBERS = 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class Misdeeds:
    """What is done to the packets of one side.

    `announce` gives what the next CONNACK says (None: what the core says), `verdict` the reason code for a publish of
    QoS 1, `answer_seconds` how long an answer takes at most. With `applies_late` it is the PUBLISH that is held back.
    `excess` is how many times a client's Receive Maximum is sent. `confirmed` is told of each PUBACK that leaves.
    """

    announce: Callable[[], Announcement | None]
    verdict: Callable[[int], int]
    confirmed: Callable[[int, int], None]
    answer_seconds: float
    answers_in_order: bool
    applies_late: bool
    excess: int


class Meddler:
    """The hand at one door."""

    def __init__(self, door: Door, timeline: Timeline, random: Random, misdeeds: Misdeeds) -> None:
        self._door = door
        self._timeline = timeline
        self._random = random
        self._misdeeds = misdeeds
        self._announced: Announcement | None = None
        self._codes: dict[int, int] = {}
        self._unset_aliases: dict[int, str] = {}
        self._last = timeline.now

    def received(self, whole: Whole) -> Whole | None:
        """Return what the core is to see in the place of a packet."""
        packet = whole[0]
        if isinstance(packet, packets.PublishPacket):
            return self._receive_publish(whole, packet)
        if isinstance(packet, packets.ConnectPacket):
            return self._receive_connect(whole, packet)
        return whole

    def sent(self, whole: Whole) -> Whole | None:
        """Return what is to leave in the place of a packet."""
        packet = whole[0]
        if isinstance(packet, packets.PubAckPacket):
            self._answer(packet.packet_id, self._codes.pop(packet.packet_id, int(packet.reason_code)))
            return None
        if isinstance(packet, packets.ConnAckPacket) and not int(packet.reason_code) and self._announced is not None:
            return _announcing(packet, self._announced)
        return whole

    def _receive_connect(self, whole: Whole, packet: packets.ConnectPacket) -> Whole | None:
        self._announced = announced = self._misdeeds.announce()
        if announced is not None and announced.reason_code:
            refusal = packets.ConnAckPacket(reason_code=packets.ConnAckReasonCode(announced.reason_code))
            self._door.write([(refusal, refusal.write())])
            self._door.close()
            return None
        if self._misdeeds.excess == 1:
            return whole
        greedy = packets.ConnectPacket(
            packet.client_id,
            clean_start=packet.clean_start,
            keep_alive=packet.keep_alive,
            session_expiry_interval=packet.session_expiry_interval,
            receive_max=min(packet.receive_max * self._misdeeds.excess, 65_535),
            topic_alias_max=packet.topic_alias_max,
            user_properties=list(packet.user_properties),
        )
        return greedy, greedy.write()

    def _receive_publish(self, whole: Whole, packet: packets.PublishPacket) -> Whole | None:
        packet_id = packet.packet_id
        alias = packet.topic_alias
        code = 0 if packet_id is None else self._misdeeds.verdict(number_of(packet.payload))
        if code >= 0x80 and packet_id is not None:
            if alias is not None and packet.topic:
                self._unset_aliases[alias] = packet.topic
            self._answer(packet_id, code)
            return None
        if code and packet_id is not None:
            self._codes[packet_id] = code
        if alias is not None:
            whole = self._with_topic(whole, packet, alias)
        if not self._misdeeds.applies_late or not self._misdeeds.answer_seconds:
            return whole
        late = whole
        self._timeline.at(self._in_order(), lambda: self._door.pass_on([late]))
        return None

    def _with_topic(self, whole: Whole, packet: packets.PublishPacket, alias: int) -> Whole:
        """Give the core the topic of an alias that was set by a message it never saw."""
        topic = self._unset_aliases.pop(alias, None)
        if topic is None or packet.topic:
            return whole
        told = packets.PublishPacket(
            topic,
            packet.payload,
            qos=packet.qos,
            retain=packet.retain,
            packet_id=packet.packet_id,
            duplicate=packet.duplicate,
            message_expiry_interval=packet.message_expiry_interval,
            content_type=packet.content_type,
            topic_alias=alias,
            user_properties=list(packet.user_properties),
        )
        return told, told.write()

    def _answer(self, packet_id: int, code: int) -> None:
        """Send a PUBACK when its time has come."""
        misdeeds = self._misdeeds
        if misdeeds.applies_late or not misdeeds.answer_seconds:
            self._write_puback(packet_id, code)
        elif misdeeds.answers_in_order:
            self._timeline.at(self._in_order(), lambda: self._write_puback(packet_id, code))
        else:
            self._timeline.after(self._delay(), lambda: self._write_puback(packet_id, code))

    def _write_puback(self, packet_id: int, code: int) -> None:
        door = self._door
        if not door.is_writing or door.conduct is None:
            return
        number = door.conduct.number_of(packet_id)
        answer = packets.PubAckPacket(packet_id, reason_code=packets.PubAckReasonCode(code))
        self._misdeeds.confirmed(number, code)
        door.write([(answer, answer.write())])

    def _delay(self) -> float:
        return self._random.random() * self._misdeeds.answer_seconds

    def _in_order(self) -> float:
        self._last = max(self._last, self._timeline.now + self._delay())
        return self._last


def _announcing(packet: packets.ConnAckPacket, announced: Announcement) -> Whole:
    """Return a CONNACK that says something else, and never more than the core holds itself to."""
    connack = packets.ConnAckPacket(
        session_present=packet.session_present,
        receive_max=min(packet.receive_max, announced.receive_maximum),
        topic_alias_max=min(packet.topic_alias_max, announced.topic_alias_maximum),
        max_packet_size=announced.packet_bytes_max or packet.max_packet_size,
        max_qos=packets.QoS(announced.maximum_qos),
        retain_available=announced.retain_available,
        wildcard_subscription_available=announced.wildcards_available,
        server_keep_alive=announced.keep_alive_seconds or packet.server_keep_alive,
    )
    return connack, connack.write()
