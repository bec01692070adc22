"""What the story needs of a client, whatever library it is made of.

An adapter's calls return when the other side has answered: `connect` after CONNACK, `subscribe` after SUBACK, `publish`
when the handshake of its QoS is over. What arrives is gathered in `arrivals`, in order.
"""

import abc
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["SECONDS", "Arrival", "Client", "Library", "Server", "Transport", "Will"]

SECONDS = 20
"""How long a client may take for anything."""

Transport = str
"""`tcp`, `tls`, `ws` or `wss`."""


@dataclass(frozen=True)
class Server:
    """Where the broker listens, by transport, and the authority that vouches for it."""

    ports: dict[Transport, int]
    ca_file: Path


class Arrival(NamedTuple):
    """A message as a client got it."""

    topic: str
    payload: str
    qos: int
    retain: bool = False


@dataclass(frozen=True)
class Will:
    """A Will Message, published with QoS 1."""

    topic: str
    payload: str
    retain: bool = False


class Client(abc.ABC):
    """One connected client.

    `session_present` is what CONNACK said, or None where the library or the version has no way to say it.
    `leaves_with_will` tells that its DISCONNECT asks for the Will Message (reason code 0x04 of MQTT 5).
    """

    leaves_with_will = False

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.session_present: bool | None = None

    @abc.abstractmethod
    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Subscribe, once in the life of a client; a client that resumes its session need not."""

    @abc.abstractmethod
    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        """Publish messages, without waiting for one before the next is sent where the library can; wait for all."""

    @abc.abstractmethod
    def leave(self) -> None:
        """Disconnect; nothing of the client runs afterwards."""

    @abc.abstractmethod
    def cut(self) -> None:
        """End the Network Connection without DISCONNECT; nothing of the client runs afterwards."""


class Library(abc.ABC):
    """Makes clients of one library, which speak one version of MQTT (3 for 3.1, 4 for 3.1.1, 5) over one transport."""

    def __init__(self, server: Server, version: int, transport: Transport) -> None:
        self.version = version
        self.transport = transport
        self.port = server.ports[transport]
        self.ca_file = str(server.ca_file) if transport in ("tls", "wss") else None
        self.is_websocket = transport in ("ws", "wss")

    @abc.abstractmethod
    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        """Connect; `keep` resumes the session of this client id, and has it kept for some minutes."""

    def close(self) -> None:  # noqa: B027 (most libraries leave nothing behind)
        """End what the library itself runs, when its clients have ended."""
