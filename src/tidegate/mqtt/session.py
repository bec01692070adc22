"""Session State of a client: what survives a Network Connection (section 4.1).

Knows subscriptions, packet ids in use, messages in flight and QoS 2 identifiers. Does not know connections, aliases or timers.
"""

from typing import Generic

from tidegate.mqtt.inflight import Inflight, Token
from tidegate.mqtt.packet_ids import PacketIds

__all__ = ["Session"]


class Session(Generic[Token]):
    """The client's half of one session, identified by its client id.

    `is_established` tells whether the server has confirmed it before, so that its absence later is a loss.
    `received_qos2` are packet ids whose PUBREC was sent and whose PUBREL has not come [MQTT-4.3.3-10].
    """

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.is_established = False
        self.inflight: Inflight[Token] = Inflight()
        self.packet_ids = PacketIds(self.inflight.entries)
        self.received_qos2: set[int] = set()

    def reset(self) -> list[Token]:
        """Forget all state, because the server has none; return what was in flight, in order."""
        tokens = self.inflight.tokens()
        self.inflight.clear()
        self.packet_ids.clear()
        self.received_qos2.clear()
        return tokens
