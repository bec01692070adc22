import re

from tests.telemetry.statuses import engine_status, flow_status, side_status

from tidegate.telemetry.metrics import render_metrics
from tidegate.telemetry.status import CredentialStatus, EngineStatus, Figures, FlowStatus, ReloadStatus

# Facts 8.1, as far as data flows between MQTT brokers have them.
NAMES = {
    "messages_received", "messages_sent", "messages_retried", "messages_expired", "messages_filtered",
    "messages_dropped_processing_errors", "messages_dropped_when_busy", "bytes_received", "bytes_sent", "errors",
    "processing_latency", "active_dataflows", "active_dataflow_graphs", "version", "reconcile_errors",
}  # fmt: skip


def samples(status: EngineStatus, profiles: frozenset[str] | None = None) -> dict[str, float]:
    text = render_metrics(status, profiles).decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_the_names_are_exactly_those_of_the_facts_without_total() -> None:
    text = render_metrics(engine_status(flow_status())).decode()
    announced = dict(re.findall(r"^# TYPE aio_dataflow_(\w+) (\w+)$", text, re.MULTILINE))
    assert set(announced) >= NAMES
    assert "_total" not in text
    assert announced["messages_received"] == "counter"
    assert announced["processing_latency"] == "histogram"


def test_instances_are_summed_and_ages_are_the_worst() -> None:
    found = samples(
        engine_status(
            flow_status(
                counters=Figures(received=3, delivered=2, dropped={"busy": 1, "joined": 5, "packet_too_large": 4}),
                oldest_pending_seconds=2.0,
            ),
            flow_status(ordinal=1, counters=Figures(received=4, delivered=4), oldest_pending_seconds=7.0),
        )
    )
    source = 'dataflow="bridge",endpoint="here",profile="default",source_service_type="Unknown MQTT Broker"'
    target = 'dataflow="bridge",endpoint="there",profile="default",target_service_type="Unknown MQTT Broker"'
    assert found[f"aio_dataflow_messages_received{{{source}}}"] == 7
    assert found[f"aio_dataflow_messages_sent{{{target}}}"] == 6
    assert found[f"aio_dataflow_messages_dropped_when_busy{{{source}}}"] == 1
    dropped = target.replace("profile=", 'profile="default",reason="packet_too_large",').replace(',"default"', "")
    assert found[f"aio_dataflow_messages_dropped_processing_errors{{{dropped}}}"] == 4
    assert found['aio_dataflow_messages_dropped{dataflow="bridge",profile="default",reason="joined"}'] == 5
    assert not any("processing_errors" in name and "joined" in name for name in found), "a redelivery is no error"
    wrong = target.replace(",profile=", ',error_code="PayloadError",profile=')
    assert found[f"aio_dataflow_errors{{{wrong}}}"] == 4
    assert found['aio_dataflow_oldest_unacknowledged_seconds{dataflow="bridge",profile="default"}'] == 7
    assert found["aio_dataflow_active_dataflows"] == 1


def test_latency_buckets_are_cumulative_milliseconds() -> None:
    figures = Figures(latency_sum_seconds=0.5)
    figures.latency_buckets[0], figures.latency_buckets[3], figures.latency_buckets[-1] = 1, 2, 1
    text = render_metrics(engine_status(flow_status(counters=figures))).decode()
    buckets = dict(re.findall(r'latency_bucket{.*\ble="([^"]+)".*} (\S+)', text))
    assert buckets["1"] == "1.0"
    assert buckets["10"] == buckets["300000"] == "3.0"
    assert buckets["+Inf"] == "4.0"
    assert re.search(r"latency_sum{.*} 500.0", text)
    assert re.search(r"latency_count{.*} 4.0", text)


def test_reconnects_errors_and_connections_have_their_labels() -> None:
    text = render_metrics(
        engine_status(
            flow_status(source=side_status("here", connected=False, reconnects={"stalled": 2}, errors={"X": 3})),
            flow_status(ordinal=1),
        )
    ).decode()
    assert re.search(r'aio_dataflow_reconnects{.*endpoint="here".*reason="stalled".*} 2.0', text)
    assert re.search(r'aio_dataflow_errors{.*error_code="X".*} 3.0', text)
    assert re.search(r'aio_dataflow_connected{.*endpoint="here".*} 0.0', text)
    assert re.search(r'aio_dataflow_connected{.*endpoint="there".*} 1.0', text)


def test_an_edit_that_was_not_applied_is_seen() -> None:
    rejected = ReloadStatus(at="", applied=False, errors=["x"])
    assert samples(engine_status(last_reload=rejected))["aio_dataflow_reconcile_errors"] == 1
    assert samples(engine_status())["aio_dataflow_reconcile_errors"] == 0


def test_a_profile_of_its_own_shows_only_its_flows() -> None:
    status = engine_status(flow_status("a"), flow_status("b", profile="fast"))
    text = render_metrics(status, frozenset(["fast"])).decode()
    assert 'dataflow="b"' in text
    assert 'dataflow="a"' not in text


def test_the_end_of_a_credential_is_the_soonest_of_all_instances() -> None:
    def flow(ordinal: int, expires: str) -> FlowStatus:
        ends = [CredentialStatus(kind="certificate", name="CN=press-1 (secret s, c)", expires=expires)]
        return flow_status(ordinal=ordinal, destination=side_status("there", credentials=ends))

    found = samples(engine_status(flow(0, "2027-01-15T08:00:00.000Z"), flow(1, "2027-01-15T07:59:59.500Z")))
    ends = {name: value for name, value in found.items() if "credential_expiry" in name}
    assert ends == {
        'aio_dataflow_credential_expiry_timestamp_seconds{dataflow="bridge",endpoint="there",kind="certificate",'
        'name="CN=press-1 (secret s, c)",profile="default",target_service_type="Unknown MQTT Broker"}': 1_799_999_999.5
    }
