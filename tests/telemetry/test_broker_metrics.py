"""The broker's own metrics."""

from tests.telemetry.statuses import broker_status, engine_status

from tidegate.telemetry.metrics import render_metrics


def samples(profiles: frozenset[str] | None = None) -> list[str]:
    text = render_metrics(engine_status(broker=broker_status()), profiles).decode()
    return [line for line in text.splitlines() if "aio_broker" in line]


def test_sessions_connections_drops_by_reason_and_queues() -> None:
    lines = samples()
    assert not any("_total " in line for line in lines)
    for line in (
        "# TYPE aio_broker_publishes_received counter",
        "aio_broker_publishes_received 9.0",
        "aio_broker_connected_sessions 2.0",
        "aio_broker_total_sessions 3.0",
        "aio_broker_queued_messages 5.0",
        "aio_broker_longest_queue_messages 4.0",
        'aio_broker_messages_dropped{reason="queue"} 7.0',
        'aio_broker_connections_refused{reason="0x87 not authorized"} 1.0',
        'aio_broker_listening{listener="default",port="18883"} 1.0',
        'aio_broker_listening{listener="plain",port="1883"} 0.0',
    ):
        assert line in lines


def test_no_client_identifier_is_a_label() -> None:
    assert not any("slow-client" in line for line in samples())


def test_a_listener_of_profiles_shows_flows_alone() -> None:
    assert samples(frozenset({"default"})) == []
