"""What a client asks of a server: the settings of CONNECT and the options of a subscription.

Knows values and defaults. Does not know packets.
"""

from dataclasses import dataclass

__all__ = ["ClientSettings", "Subscription"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What CONNECT announces (section 3.1); the Session Expiry Interval is always sent.

    `answer_timeout_seconds` bounds the wait for CONNACK, SUBACK and AUTH; `packet_bytes_max` None announces no limit.
    `clean_start` asks for a new session, whatever the server has.
    """

    keep_alive_seconds: int = 60
    session_expiry_seconds: int = 600
    receive_maximum: int = 100
    topic_alias_maximum: int = 256
    packet_bytes_max: int | None = None
    authentication_method: str | None = None
    authentication_data: bytes | None = None
    username: str | None = None
    password: bytes | None = None
    clean_start: bool = False
    user_properties: tuple[tuple[str, str], ...] = ()
    answer_timeout_seconds: float = 30.0

    def __repr__(self) -> str:
        return f"ClientSettings(authentication_method={self.authentication_method!r})"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter with its options (section 3.8.3.1).

    Retain Handling is 1, so that a resumed session is not replayed; 2, nothing that is stored, without `wants_retained`.
    """

    topic_filter: str
    qos: int
    retain_as_published: bool = True
    wants_retained: bool = True
