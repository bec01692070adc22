from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.engine.plans import flow_plan, with_source
from tests.telemetry.statuses import flow_status

from tidegate.engine.health import FlowHealth, Verdict, dataflow_health
from tidegate.flow.events import (
    ConnectionEnded,
    ConnectionOpened,
    FlowRefused,
    MessageHeld,
    PromiseWeakened,
    Side,
    Stalled,
    StallEnded,
    StallSuspected,
)
from tidegate.flow.plan import DatasetsPlan
from tidegate.flow.policy import Retry
from tidegate.telemetry.credential_events import CredentialRefused, CredentialsChanged
from tidegate.telemetry.dataset_events import DatasetLoaded, DatasetRefused, DatasetsLost, DatasetsWatched
from tidegate.telemetry.events import ConnectionsCutShort, DialFailed, FlowHalted
from tidegate.telemetry.status import Health

SOURCE, DESTINATION = Side.SOURCE, Side.DESTINATION


def ended(side: Side, kind: str = "backoff", code: int | None = None, by_us: bool = False) -> ConnectionEnded:
    return ConnectionEnded(side, code, "it ended", Retry(kind), by_us)  # type: ignore[arg-type]  # a word of the table


def judge(health: FlowHealth, *, up: bool = True, oldest: float | None = None, delivered: int = 0) -> Verdict:
    states = ("subscribed", "connected") if up else ("idle", "idle")
    return health.verdict(*states, oldest, delivered)


def test_a_flow_that_connects_is_unknown_and_one_that_is_up_is_available() -> None:
    health = FlowHealth(flow_plan())
    assert judge(health, up=False) == Verdict("Unknown", None, "connecting to the source")
    assert judge(health) == Verdict("Available", None, "messages flow")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            DialFailed(SOURCE, "h:1: refused", "start it", 1.0),
            ("Unavailable", "DataflowMqttSourceConnectionFailed", "h:1: refused (hint: start it)"),
        ),
        (
            DialFailed(DESTINATION, "h:1: refused", None, 1.0),
            ("Unavailable", "DataflowMqttTargetConnectionFailed", "h:1: refused"),
        ),
        (
            CredentialRefused(DESTINATION, "secret s: gone", None, keeps_connection=False),
            ("Unavailable", "DataflowMqttTargetConfigurationError", "secret s: gone"),
        ),
        (
            FlowRefused(SOURCE, "no shared subscriptions", "set instanceCount: 1"),
            (
                "Unavailable",
                "DataflowMqttSourceConfigurationError",
                "no shared subscriptions (hint: set instanceCount: 1)",
            ),
        ),
        (
            ended(SOURCE, "slow", 0x87, by_us=True),
            (
                "Unavailable",
                "DataflowMqttSourceSubscriptionFailed",
                "it ended (hint: allow this client to subscribe to the topic filter at the source broker)",
            ),
        ),
        (
            ended(SOURCE, "slow", 0x87),
            (
                "Unavailable",
                "DataflowMqttSourceConnectionFailed",
                "it ended (hint: check the endpoint's authentication, and what the broker allows this client)",
            ),
        ),
        (ended(DESTINATION), ("Degraded", "DataflowMqttTargetConnectionFailed", "it ended")),
        (
            FlowHalted(SOURCE, "taken over twice", "give it another prefix"),
            (
                "Unavailable",
                "DataflowMqttSourceConnectionFailed",
                "taken over twice (hint: give it another prefix)",
            ),
        ),
    ],
)
def test_what_keeps_a_side_down_has_its_reason_code(
    event: DialFailed | CredentialRefused | FlowRefused | ConnectionEnded | FlowHalted, expected: tuple[str, str, str]
) -> None:
    health = FlowHealth(flow_plan())
    if isinstance(event, ConnectionEnded) and event.by_us:
        health.handle(ConnectionOpened(event.side, True), 0)
    health.handle(event, 0)
    source_up = not isinstance(event, FlowHalted) and event.side is DESTINATION
    verdict = health.verdict("subscribed" if source_up else "idle", "idle" if source_up else "connected", None, 0)
    assert verdict == expected


def test_a_side_that_comes_up_is_well_again() -> None:
    health = FlowHealth(flow_plan())
    for side in Side:
        health.handle(ended(side), 0)
        health.handle(DialFailed(side, "refused", None, 1.0), 0)
    assert judge(health, up=False).health == "Unavailable"
    health.handle(ConnectionOpened(DESTINATION, True), 0)
    assert judge(health).health == "Available"


def test_a_connection_that_was_good_and_cannot_be_re_made_becomes_unavailable() -> None:
    health = FlowHealth(flow_plan())
    health.handle(ended(SOURCE), 0)
    assert judge(health, up=False).health == "Unknown"
    health.handle(ended(DESTINATION), 0)
    assert judge(health, up=False).health == "Degraded"
    health.handle(ended(SOURCE), 0)
    assert judge(health, up=False).health == "Unavailable"


def test_a_refusal_outlives_the_end_of_its_connection() -> None:
    health = FlowHealth(flow_plan())
    health.handle(FlowRefused(SOURCE, "no wildcards", "name the topics"), 0)
    health.handle(ended(SOURCE, "slow", by_us=True), 0)
    assert judge(health, up=False).reason_code == "DataflowMqttSourceConfigurationError"


def test_a_held_message_degrades_until_one_is_delivered_or_nothing_is_pending() -> None:
    health = FlowHealth(flow_plan())
    health.handle(MessageHeld(0x97, "quota exceeded", "raise it"), delivered=5)
    held = Verdict(
        "Degraded",
        "DataflowMqttTargetConnectionFailed",
        "a message is held: quota exceeded (hint: raise it)",
    )
    assert judge(health, oldest=1.0, delivered=5) == held
    assert judge(health, oldest=1.0, delivered=6).health == "Available"
    health.handle(MessageHeld(0x97, "quota exceeded", "raise it"), delivered=6)
    assert judge(health, oldest=1.0, delivered=6) == held
    assert judge(health, oldest=None, delivered=6).health == "Available"


def test_an_unanswered_connect_is_no_failed_subscription() -> None:
    health = FlowHealth(flow_plan())
    health.handle(ended(SOURCE, code=0x80, by_us=True), 0)
    assert judge(health, up=False).reason_code != "DataflowMqttSourceSubscriptionFailed"
    health.handle(ConnectionOpened(SOURCE, True), 0)
    health.handle(ended(SOURCE, code=0x80, by_us=True), 0)
    assert judge(health, up=False).reason_code == "DataflowMqttSourceSubscriptionFailed"


def test_connections_that_are_cut_short_degrade_until_one_lives() -> None:
    health = FlowHealth(flow_plan())
    health.handle(ConnectionsCutShort(DESTINATION, 3, "tidegate-bridge-0-destination"), 0)
    health.handle(ConnectionOpened(DESTINATION, True), 0)
    verdict = judge(health)
    assert (verdict.health, verdict.reason_code) == ("Degraded", "DataflowMqttTargetConnectionFailed")
    assert "another client may use the client id tidegate-bridge-0-destination" in verdict.message
    health.note_good_connection(DESTINATION)
    assert judge(health).health == "Available"


def test_a_stall_degrades_until_it_ends() -> None:
    health = FlowHealth(flow_plan())
    health.handle(StallSuspected(DESTINATION, 30.0), 0)
    assert judge(health).message == "the destination has acknowledged nothing for 30 s"
    health.handle(StallEnded(DESTINATION), 0)
    assert judge(health).health == "Available"


def test_a_stalled_connection_that_is_being_re_made_is_not_unknown() -> None:
    health = FlowHealth(flow_plan())
    health.handle(ConnectionOpened(DESTINATION, True), 0)
    health.handle(Stalled(DESTINATION, 60.0, 120.0), 0)
    health.handle(ended(DESTINATION, "now", by_us=True), 0)
    verdict = health.verdict("subscribed", "connecting", 60.0, 0)
    assert (verdict.health, verdict.reason_code) == ("Degraded", "DataflowMqttTargetConnectionFailed")


def test_never_silently_stuck_an_old_message_degrades() -> None:
    health = FlowHealth(flow_plan())
    assert judge(health, oldest=29.9).health == "Available"
    verdict = judge(health, oldest=30.0)
    assert (verdict.health, verdict.message) == ("Degraded", "the oldest unacknowledged message is 30 s old")


def test_a_weakness_lasts_until_the_next_connection() -> None:
    health = FlowHealth(flow_plan())
    health.handle(PromiseWeakened(SOURCE, "QoS 0 granted", "allow QoS 1"), 0)
    assert judge(health).reason_code == "DataflowMqttSourceConfigurationError"
    health.handle(ConnectionOpened(SOURCE, True), 0)
    assert judge(health).health == "Available"


@pytest.mark.parametrize(
    ("changes", "setting"),
    [({"qos": 0}, "qos: 0"), ({"session_expiry_seconds": 0}, "sessionExpirySeconds: 0")],
)
def test_a_source_that_cannot_keep_the_promise_is_degraded(changes: dict[str, int], setting: str) -> None:
    health = FlowHealth(with_source(flow_plan(), **changes))
    assert judge(health).message == f"messages may be lost: the source endpoint here has {setting}"


def test_an_unusable_new_credential_degrades_until_one_is_used() -> None:
    health = FlowHealth(flow_plan())
    refused = CredentialRefused(DESTINATION, "secret s: half", None, keeps_connection=True)
    mends: list[Callable[[], None]] = [
        lambda: health.handle(CredentialsChanged(DESTINATION), 0),
        lambda: health.clear_credential(DESTINATION),
    ]
    for mend in mends:
        health.handle(refused, 0)
        assert judge(health).message == "the connection goes on with the old credential: secret s: half"
        mend()
        assert judge(health).health == "Available"


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        (["Available", "Available"], ("Available", "1")),
        (["Unavailable", "Unavailable"], ("Unavailable", "1")),
        (["Unavailable", "Available"], ("Degraded", "instance 0: 0")),
        (["Available", "Degraded"], ("Degraded", "1")),
        (["Degraded", "Unknown"], ("Degraded", "instance 1: 1")),
    ],
)
def test_instances_combine_to_the_worst_and_partial_is_degraded(
    instances: list[Health], expected: tuple[str, str]
) -> None:
    flows = [
        flow_status(ordinal=ordinal, health=health, message=str(ordinal)) for ordinal, health in enumerate(instances)
    ]
    (combined,) = dataflow_health(flows)
    assert (combined.health, combined.message) == expected


def test_a_flow_waits_for_its_data_sets_and_is_degraded_by_what_happens_to_them_later() -> None:
    health = FlowHealth(replace(flow_plan(), datasets=DatasetsPlan(keys=("a", "b"))))
    code = "DataflowTransformEnrichDataFailed"
    assert judge(health, up=False) == Verdict("Unknown", None, "reading the data sets a, b")
    health.handle(DatasetsLost("h:1: refused", "start it", has_all=False, next_seconds=1.0), 0)
    assert judge(health, up=False)[:2] == ("Unavailable", code)
    assert "h:1: refused; the flow waits for its data sets (hint: start it)" in judge(health, up=False).message
    health.handle(DatasetLoaded("a", 1), 0)
    health.handle(DatasetRefused("b", "there is no such key", "write it", None), 0)
    health.handle(DatasetsWatched(), 0)
    assert judge(health, up=False)[:2] == ("Unavailable", code)
    assert "the data set b cannot be used: there is no such key; the flow waits" in judge(health, up=False).message
    health.handle(DatasetLoaded("b", 1), 0)
    assert judge(health) == Verdict("Available", None, "messages flow")
    health.handle(DatasetRefused("a", "line 3 is no JSON", "mend it", 1), 0)
    assert judge(health)[:2] == ("Degraded", code)
    health.handle(DatasetsLost("h:1: refused", None, has_all=True, next_seconds=1.0), 0)
    health.handle(DatasetLoaded("a", 1), 0)
    assert judge(health)[:2] == ("Degraded", code)
    health.handle(DatasetsWatched(), 0)
    assert judge(health) == Verdict("Available", None, "messages flow")


def test_a_loaded_data_set_that_is_lost_does_not_hold_up_what_waits_for_another() -> None:
    health = FlowHealth(replace(flow_plan(), datasets=DatasetsPlan(keys=("a", "b"))))
    health.handle(DatasetLoaded("a", 1), 0)
    health.handle(DatasetRefused("a", "line 3 is no JSON", "mend it", 1), 0)
    assert judge(health).health == "Degraded"
