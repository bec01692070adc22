"""Acknowledgements of received messages leave in the order in which the messages came [MQTT-4.6.0-2].

Knows the order and what is settled. Does not know deliveries; the window dies with its Network Connection.
"""

from collections import deque

from tidegate.exceptions import ProtocolViolation
from tidegate.mqtt.packets import encode_puback, encode_puback_run, encode_pubrec

__all__ = ["AckWindow"]


class AckWindow:
    """The received QoS 1 and 2 messages that we have not answered yet.

    PUBACK and PUBREC share one order, which is stricter than [MQTT-4.6.0-2] and [MQTT-4.6.0-3] ask for.
    `received_qos2` is the session's, and takes the ids whose PUBREC accepts.
    """

    def __init__(self, received_qos2: set[int]) -> None:
        self._received_qos2 = received_qos2
        self.order: deque[int] = deque()
        """The packet ids that we have not answered, in the order in which they came."""
        self._open: set[int] = set()
        self._open_qos2: set[int] = set()
        self._settled: dict[int, int] = {}

    def receive(self, packet_id: int, qos: int) -> None:
        """Note a PUBLISH of QoS 1 or 2.

        More than the receive maximum are taken: [MQTT-3.3.4-9] binds the server, but mosquitto up to 2.0.11 at least sends
        a hundred messages for each PUBACK while its queue is long, and to close with 0x93 would never let it end.
        The owner bounds them by reading no more (`Relay.reads_source`).

        Raises:
            ProtocolViolation: a packet id that has not been answered yet [MQTT-2.2.1-4].
        """
        if packet_id in self._open:
            raise ProtocolViolation(f"packet identifier {packet_id} is in use [MQTT-2.2.1-4]")
        self._open.add(packet_id)
        self.order.append(packet_id)
        if qos == 2:
            self._open_qos2.add(packet_id)

    def accept(self, packet_ids: list[int], output: list[bytes]) -> None:
        """Settle messages with success; append to `output` the acknowledgements that may leave now, in order."""
        if len(packet_ids) == 1:
            self.acknowledge(packet_ids[0], 0, output)
            return
        order = self.order
        in_step = 0
        if not self._settled and not self._open_qos2:
            for packet_id in packet_ids:
                if not order or order[0] != packet_id:
                    break
                order.popleft()
                in_step += 1
        if in_step:
            settled = packet_ids[:in_step]
            self._open.difference_update(settled)
            output.append(encode_puback_run(settled))
        for packet_id in packet_ids[in_step:]:
            self.acknowledge(packet_id, 0, output)

    def acknowledge(self, packet_id: int, reason_code: int, output: list[bytes]) -> None:
        """Settle one message; append to `output` the acknowledgements that may leave now, in order.

        `packet_id` is one that was received and has not been settled since.
        """
        order = self.order
        settled = self._settled
        if not settled and order[0] == packet_id and packet_id not in self._open_qos2:
            order.popleft()
            self._open.discard(packet_id)
            output.append(encode_puback(packet_id, reason_code))
            return
        assert packet_id in self._open and packet_id not in settled, f"packet identifier {packet_id} is settled twice"
        settled[packet_id] = reason_code
        while order and order[0] in settled:
            first = order.popleft()
            reason_code = settled.pop(first)
            self._open.discard(first)
            if first not in self._open_qos2:
                output.append(encode_puback(first, reason_code))
                continue
            self._open_qos2.discard(first)
            output.append(encode_pubrec(first, reason_code))
            if reason_code < 0x80:
                self._received_qos2.add(first)
