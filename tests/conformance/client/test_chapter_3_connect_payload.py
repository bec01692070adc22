"""MQTT 5, section 3.1.3, and the flags of section 3.1.2 that say what the payload holds."""

import mqtt5
import pytest
from tests.conformance.client.test_chapter_3_connect import FLAGS, connect_packet
from tests.mqtt.conversation import Conversation

from tidegate.mqtt.client_settings import ClientSettings
from tidegate.mqtt.session import Session

USER_NAME, PASSWORD, WILL, WILL_QOS, WILL_RETAIN, CLEAN_START = 0x80, 0x40, 0x04, 0x18, 0x20, 0x02


def said(**settings: object) -> tuple[int, bytes]:
    """Return the flags and the payload of the CONNECT of a client `one`."""
    asked = ClientSettings(keep_alive_seconds=60, **settings)  # type: ignore[arg-type]  # fields by name
    data = Conversation(Session("one"), asked).connect_bytes
    properties = data[FLAGS + 3]
    return data[FLAGS], data[FLAGS + 4 + properties :]


def text(value: str) -> bytes:
    return len(value.encode()).to_bytes(2, "big") + value.encode()


def test_mqtt_3_1_2_4_clean_start_asks_for_a_new_session() -> None:
    assert said(clean_start=True)[0] == CLEAN_START
    assert said()[0] == 0


def test_mqtt_3_1_2_11_to_13_a_client_without_a_will_says_nothing_of_one() -> None:
    for flags, payload in (said(), said(username="me", password=b"secret")):
        assert not flags & (WILL | WILL_QOS | WILL_RETAIN)
        assert payload.startswith(text("one"))


@pytest.mark.parametrize(
    ("username", "password", "flags", "payload"),
    [
        (None, None, 0, b""),
        ("me", None, USER_NAME, text("me")),
        (None, b"secret", PASSWORD, text("secret")),
        ("me", b"secret", USER_NAME | PASSWORD, text("me") + text("secret")),
        ("", b"", USER_NAME | PASSWORD, text("") + text("")),
    ],
)
def test_mqtt_3_1_2_16_to_19_the_flags_say_whether_user_name_and_password_follow(
    username: str | None, password: bytes | None, flags: int, payload: bytes
) -> None:
    assert said(username=username, password=password) == (flags, text("one") + payload)


def test_mqtt_3_1_3_1_the_payload_is_in_its_order() -> None:
    assert said(username="me", password=b"secret")[1] == text("one") + text("me") + text("secret")


def test_mqtt_3_1_3_2_the_client_identifier_is_that_of_the_session() -> None:
    session: Session[str] = Session("tidegate-flow-0-source")
    for _ in range(2):
        assert connect_packet(Conversation(session)).client_id == "tidegate-flow-0-source"


def test_mqtt_3_1_3_4_and_3_1_3_12_identifier_and_user_name_are_well_formed() -> None:
    conversation = Conversation(Session("Öfen-1"), ClientSettings(username="Größe"))
    packet = connect_packet(conversation)
    assert (packet.client_id, packet.username) == ("Öfen-1", "Größe")
    assert text("Öfen-1") in conversation.connect_bytes
    assert mqtt5.read(memoryview(conversation.connect_bytes))[1] == len(conversation.connect_bytes)
