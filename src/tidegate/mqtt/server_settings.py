"""What a server bounds on one Network Connection.

Knows numbers and their defaults. Does not know who declares them.
"""

from dataclasses import dataclass

__all__ = ["ServerSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Limits of what one client may send, in bytes and counts.

    `connect_bytes_max` bounds the first packet, before anybody knows who sends it; `overhead_bytes_max` every packet but
    PUBLISH, and the properties of PUBLISH; `topic_levels_max` and
    `topic_bytes_max` bound topic names and filters; `user_properties_max` those of one packet.
    """

    packet_bytes_max: int = 16 * 1024 * 1024
    connect_bytes_max: int = 256 * 1024
    overhead_bytes_max: int = 256 * 1024
    receive_maximum: int = 1_024
    topic_alias_maximum: int = 64
    topic_levels_max: int = 128
    topic_bytes_max: int = 4_096
    user_properties_max: int = 256
