import msgspec
from tests.telemetry.statuses import engine_status, flow_status

from tidegate.flow.accounting import Counters
from tidegate.telemetry.status import Figures


def test_figures_of_a_relay_are_added_as_a_copy() -> None:
    counters = Counters(received=2, delivered=1)
    counters.drop("busy")
    counters.latency_buckets[0] += 1
    figures = Figures()
    figures.add(counters)
    counters.drop("busy")
    assert (figures.received, figures.dropped, sum(figures.latency_buckets)) == (2, {"busy": 1}, 1)


def test_figures_add_up() -> None:
    figures = Figures(received=1, dropped={"a": 1})
    figures.add(Figures(received=2, dropped={"a": 1, "b": 2}, latency_sum_seconds=0.5))
    assert (figures.received, figures.dropped, figures.latency_sum_seconds) == (3, {"a": 2, "b": 2}, 0.5)


def test_the_json_of_a_flow_has_the_documented_names() -> None:
    document = msgspec.json.decode(msgspec.json.encode(engine_status(flow_status())))
    assert set(document) == {
        "flows", "dataflows", "last_reload", "problems", "process_id", "version", "uptime_seconds", "broker",
    }  # fmt: skip
    (flow,) = document["flows"]
    assert {
        "name", "profile", "ordinal", "health", "reason_code", "message", "since", "counters", "pending",
        "oldest_pending_seconds", "source", "destination", "datasets",
    } == set(flow)  # fmt: skip
    assert {
        "received", "redelivered", "delivered", "filtered", "expired", "dropped", "retried", "bytes_received",
        "bytes_sent",
    } <= set(flow["counters"])  # fmt: skip
    assert {
        "endpoint", "state", "connected", "client_id", "inflight", "reconnects", "last_error", "next_retry_seconds",
        "since",
    } <= set(flow["source"])  # fmt: skip
