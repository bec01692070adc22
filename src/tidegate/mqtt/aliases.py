"""Topic aliases, which live and die with one Network Connection (section 3.3.2.3.4).

Knows both directions. Does not know packets.
"""

from tidegate.exceptions import ProtocolViolation

__all__ = ["ALIAS_ADDS_BYTES_MAX", "ALIAS_PAYS_FROM_BYTES", "InboundAliases", "OutboundAliases"]

# An alias property costs three bytes in each packet, the first packet carries the topic as well, and both sides pay
# processor time for it: measured, it pays on long topics only.
ALIAS_PAYS_FROM_BYTES = 64
# The property itself, and a byte more for each of the two lengths that it may lift over a limit of their encoding.
ALIAS_ADDS_BYTES_MAX = 5


class InboundAliases:
    """Resolves the aliases of received PUBLISH packets; `maximum` is the Topic Alias Maximum that we announced."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._topics: dict[int, str] = {}

    def resolve(self, topic: str, topic_alias: int | None) -> str:
        """Return the topic name of a PUBLISH, remembering a new alias.

        Raises:
            ProtocolViolation: an alias above the maximum [MQTT-3.1.2-26] or one that was never set, reason code 0x94.
        """
        if topic_alias is None:
            return topic
        if topic_alias > self._maximum:
            raise ProtocolViolation(
                f"topic alias {topic_alias}, and the maximum is {self._maximum} [MQTT-3.1.2-26]", 0x94
            )
        if topic:
            self._topics[topic_alias] = topic
            return topic
        known = self._topics.get(topic_alias)
        if known is None:
            raise ProtocolViolation(f"topic alias {topic_alias} was never set on this connection", 0x94)
        return known


class OutboundAliases:
    """Chooses aliases for topics we publish to, first come first served; `maximum` is what the server announced."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._aliases: dict[str, int] = {}

    def assign(self, topic: str) -> tuple[str, int | None]:
        """Return the topic name and alias to send: the topic alone where no alias is left or it would not pay."""
        alias = self._aliases.get(topic)
        if alias is not None:
            return "", alias
        if len(self._aliases) >= self._maximum or len(topic) < ALIAS_PAYS_FROM_BYTES:
            return topic, None
        self._aliases[topic] = alias = len(self._aliases) + 1
        return topic, alias
