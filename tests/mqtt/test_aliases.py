"""Topic aliases in both directions."""

import pytest

from tidegate.exceptions import ProtocolViolation
from tidegate.mqtt.aliases import ALIAS_PAYS_FROM_BYTES, InboundAliases, OutboundAliases

LONG = "plant/" + "line" * ALIAS_PAYS_FROM_BYTES


def test_a_topic_without_alias_is_itself() -> None:
    assert InboundAliases(0).resolve("a", None) == "a"


def test_an_alias_is_set_used_and_set_anew() -> None:
    aliases = InboundAliases(2)
    assert aliases.resolve("a", 2) == "a"
    assert aliases.resolve("", 2) == "a"
    assert aliases.resolve("b", 2) == "b"
    assert aliases.resolve("", 2) == "b"


@pytest.mark.parametrize(
    ("topic_alias", "sentence"),
    [
        (3, "topic alias 3, and the maximum is 2 [MQTT-3.1.2-26]"),
        (1, "topic alias 1 was never set on this connection"),
    ],
)
def test_an_alias_that_cannot_be_resolved(topic_alias: int, sentence: str) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        InboundAliases(2).resolve("", topic_alias)
    assert str(caught.value) == sentence
    assert caught.value.reason_code == 0x94


def test_an_alias_above_the_maximum_is_refused_with_its_topic_too() -> None:
    with pytest.raises(ProtocolViolation):
        InboundAliases(2).resolve("a", 3)


def test_the_first_packet_of_a_topic_sets_its_alias() -> None:
    aliases = OutboundAliases(2)
    assert aliases.assign(LONG) == (LONG, 1)
    assert aliases.assign(LONG) == ("", 1)
    assert aliases.assign(LONG + "/2") == (LONG + "/2", 2)
    assert aliases.assign(LONG + "/3") == (LONG + "/3", None)
    assert aliases.assign(LONG) == ("", 1)


def test_a_short_topic_gets_no_alias() -> None:
    aliases = OutboundAliases(1)
    short = "a" * (ALIAS_PAYS_FROM_BYTES - 1)
    assert aliases.assign(short) == (short, None)
    assert aliases.assign(short) == (short, None)
    assert aliases.assign(short + "a") == (short + "a", 1)


def test_a_server_without_aliases_gets_none() -> None:
    assert OutboundAliases(0).assign(LONG) == (LONG, None)
