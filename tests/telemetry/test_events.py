import dataclasses
import typing

import pytest

from tidegate.flow import events as flow_events
from tidegate.flow.events import ConnectionEnded, ConnectionOpened, MessageDropped, RelayEvent, SessionLost, Side
from tidegate.flow.policy import Retry
from tidegate.telemetry import credential_events, dataset_events, events
from tidegate.telemetry.credential_events import CredentialRefused
from tidegate.telemetry.events import DialFailed, EngineEvent, connection_remedy, line_of

EVENT_TYPES = [*typing.get_args(RelayEvent), *typing.get_args(EngineEvent)]

SAMPLES: dict[str, object] = {
    "side": Side.DESTINATION,
    "kind": "certificate",
    "reason_code": 0x97,
    "retry": Retry("backoff"),
    "topic_filters": ("a/#",),
    "hint": "do that",
    "remedy": "do this",
}


def sample(kind: type) -> RelayEvent | EngineEvent:
    """Make an event with some value in every field."""
    values: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        fallback: dict[object, object] = {"bool": True, bool: True, float: 2.5, int: 3, str: "something"}
        values[field.name] = SAMPLES.get(field.name, fallback.get(field.type, "something"))
    event: RelayEvent | EngineEvent = kind(**values)
    return event


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_has_a_line_that_a_person_can_read(kind: type) -> None:
    line = line_of(sample(kind))
    assert line.text
    assert not line.text.endswith(".")
    assert "Side." not in line.text


def test_all_events_are_known() -> None:
    assert {kind.__name__ for kind in typing.get_args(RelayEvent)} == set(flow_events.__all__) - {"RelayEvent", "Side"}
    known = {*events.__all__, *credential_events.__all__, *dataset_events.__all__}
    assert {kind.__name__ for kind in typing.get_args(EngineEvent)} <= known


def test_what_a_connection_says() -> None:
    opened = line_of(ConnectionOpened(Side.SOURCE, session_present=True))
    assert (opened.level, opened.mark, opened.text) == ("info", "=", "connected to the source")
    assert opened.fields == {"session": "resumed"}
    ended = line_of(ConnectionEnded(Side.SOURCE, 0x8B, "the server disconnected", Retry("backoff"), by_us=False))
    assert (ended.level, ended.mark) == ("warning", "x")
    assert ended.fields == {"reason": "0x8B server shutting down", "retry": "backoff"}
    assert ended.error_code == "DataflowMqttSourceConnectionFailed"


def test_ending_on_purpose_is_no_error() -> None:
    for event in (
        ConnectionEnded(Side.SOURCE, None, "the data flow is stopping", Retry("never"), by_us=True),
        ConnectionEnded(Side.SOURCE, None, "the credential changed", Retry("now"), by_us=True),
    ):
        line = line_of(event)
        assert (line.level, line.error_code) == ("info", None)


def test_what_goes_wrong_says_how_to_mend_it() -> None:
    assert line_of(SessionLost(Side.SOURCE)).hint is not None
    dial = line_of(DialFailed(Side.DESTINATION, "h:1: refused", "start it", 1.26))
    assert (dial.text, dial.hint) == ("cannot connect to the destination: h:1: refused", "start it")
    assert dial.fields == {"next_retry_seconds": 1.3}
    kept = line_of(CredentialRefused(Side.SOURCE, "secret s: half", None, keeps_connection=True))
    assert kept.text.endswith("; the connection goes on with the one before")
    dropped = line_of(MessageDropped("busy", "t", "too many wait", "publish with QoS 1"))
    assert dropped.fields == {"drop_reason": "busy", "topic": "t"}


def test_the_end_of_a_connection_has_a_remedy_where_its_reason_names_one() -> None:
    def remedy(side: Side, code: int | None, by_us: bool) -> str | None:
        return connection_remedy(ConnectionEnded(side, code, "it ended", Retry("slow"), by_us))

    access = "check the endpoint's authentication, and what the broker allows this client"
    assert remedy(Side.DESTINATION, 0x87, by_us=False) == access
    assert (
        remedy(Side.SOURCE, 0x87, by_us=True)
        == "allow this client to subscribe to the topic filter at the source broker"
    )
    assert remedy(Side.DESTINATION, 0x97, by_us=True) is None, "the held message has told it"
    assert remedy(Side.SOURCE, 0x80, by_us=False) is None
    assert remedy(Side.SOURCE, None, by_us=False) is None


def test_a_dropped_message_names_the_endpoint_that_it_concerns() -> None:
    assert line_of(MessageDropped("packet_too_large", "a", "too large")).side is Side.DESTINATION
    assert line_of(MessageDropped("unsubscribed", "a", "not wanted")).side is Side.SOURCE
