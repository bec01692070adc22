"""A client connection whose server is played by the test: packets go in, packets come out, time goes by when told."""

from typing import TypeVar

import mqtt5
import pytest

from tidegate.message import Message
from tidegate.moment import Moment
from tidegate.mqtt.aliases import ALIAS_PAYS_FROM_BYTES
from tidegate.mqtt.client import ClientConnection
from tidegate.mqtt.client_settings import ClientSettings
from tidegate.mqtt.events import ConnectionClosing, Event, PublishesAccepted, PublishSettled
from tidegate.mqtt.packets import ConnAckPacket, Packet
from tidegate.mqtt.session import Session

__all__ = ["LONG_TOPIC", "Conversation", "codec_panics", "connected", "message", "settled"]

Kind = TypeVar("Kind")

LONG_TOPIC = "plant/" + "line" * (ALIAS_PAYS_FROM_BYTES // 4)
"""A topic for which an alias pays."""

codec_panics = pytest.mark.filterwarnings(r"ignore:Exception ignored in. None:pytest.PytestUnraisableExceptionWarning")
"""For tests in which the codec panics: before it does, it writes to standard error and reports an unraisable exception."""


def message(number: int = 0, qos: int = 1) -> Message:
    """Return a message that tells which one it is."""
    return Message(f"plant/line/{number}", b"%d" % number, qos)


def settled(events: list[Event[str]]) -> list[tuple[str, int]]:
    """Return token and reason code of each answered publish, which is all that the events tell of."""
    answers: list[tuple[str, int]] = []
    for event in events:
        if isinstance(event, PublishesAccepted):
            answers += [(token, 0) for token in event.tokens]
        else:
            assert isinstance(event, PublishSettled), event
            answers.append((event.token, event.reason_code))
    return answers


class Conversation:
    """One Network Connection. CONNECT has been sent, and `connect_packet` is what it said."""

    def __init__(self, session: Session[str] | None = None, settings: ClientSettings | None = None) -> None:
        self.session: Session[str] = Session("tidegate-flow-0-source") if session is None else session
        self.now = Moment(100.0, 1_700_000_000.0)
        self.client: ClientConnection[str] = ClientConnection(self.session, settings or ClientSettings())
        self.client.connect(self.now)
        self.connect_bytes = b"".join(self.client.data_to_send(self.now))

    def receive(self, *received: Packet | bytes) -> list[Event[str]]:
        """Let the server send these in one read; return what the client makes of them."""
        data = b"".join(item if isinstance(item, bytes) else item.write() for item in received)
        return self.client.receive_data(data, self.now)

    def sent_bytes(self) -> bytes:
        """Return what the client has sent since it was asked last."""
        return b"".join(self.client.data_to_send(self.now))

    def sent(self) -> list[Packet]:
        """Return the packets that the client has sent since it was asked last, read by the codec alone."""
        data = memoryview(self.sent_bytes())
        packets: list[Packet] = []
        while data:
            packet, length = mqtt5.read(data)
            packets.append(packet)
            data = data[length:]
        return packets

    def sent_only(self, kind: type[Kind]) -> list[Kind]:
        """Return what was sent, which is all of one kind."""
        packets = self.sent()
        chosen: list[Kind] = [packet for packet in packets if isinstance(packet, kind)]
        assert len(chosen) == len(packets), packets
        return chosen

    def wait(self, seconds: float) -> list[Event[str]]:
        """Let time go by and everything come due in its turn."""
        until = self.now.monotonic + seconds
        events: list[Event[str]] = []
        while True:
            deadline = self.client.next_timeout()
            if deadline is None or deadline > until:
                self._go_to(until)
                return events
            self._go_to(max(deadline, self.now.monotonic))
            events += self.client.handle_timeout(self.now)

    def refused(self, *received: Packet | bytes) -> ConnectionClosing:
        """Let the server send these, and return how the client closes the connection over them."""
        closing = self.receive(*received)[-1]
        assert isinstance(closing, ConnectionClosing), closing
        assert self.client.is_closing
        return closing

    def lose(self) -> None:
        """Let the socket be gone."""
        self.client.release()

    def _go_to(self, monotonic: float) -> None:
        self.now = Moment(monotonic, self.now.wall + monotonic - self.now.monotonic)


def connected(
    session: Session[str] | None = None, settings: ClientSettings | None = None, connack: ConnAckPacket | None = None
) -> Conversation:
    """Return a conversation that CONNACK has opened; resending, where there is something to resend, has begun."""
    conversation = Conversation(session, settings)
    conversation.receive(ConnAckPacket() if connack is None else connack)
    conversation.client.resume()
    return conversation
