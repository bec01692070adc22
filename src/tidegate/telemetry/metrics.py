"""Prometheus metrics under the exact names of facts 8.1 (without `_total`), made at scrape from the status values.

Knows names, labels and units. Does not count anything itself, nor serve HTTP.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from tidegate.flow.accounting import LATENCY_BUCKETS_SECONDS
from tidegate.telemetry.broker_metrics import broker_families
from tidegate.telemetry.status import NOT_ERRORS, EngineStatus, FlowStatus, SideStatus

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["CONTENT_TYPE", "render_metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BUSY = "busy"
_TOTAL = re.compile(rb"^(# (?:HELP|TYPE) aio_(?:dataflow|broker)_\w+?)_total ", re.MULTILINE)


def render_metrics(status: EngineStatus, profiles: frozenset[str] | None = None) -> bytes:
    """Return the exposition of the embedded broker and all flows, or of the flows of some profiles.

    Instances of one flow are summed; where a sum says nothing (ages), the worst is shown.
    """
    # Imported at the first scrape: it takes a tenth of the start-up time and nothing else needs it.
    from prometheus_client.exposition import generate_latest

    flows = [flow for flow in status.flows if profiles is None or flow.profile in profiles]
    families = _families(status, flows)
    if status.broker is not None and profiles is None:
        families = chain(families, broker_families(status.broker))
    return _TOTAL.sub(rb"\1 ", generate_latest(_Collected(families)))


class _Collected:
    """What `generate_latest` takes: something with `collect`."""

    def __init__(self, families: "Iterable[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterable[Metric]":
        return self._families


class _Family:
    """Sums samples by labels, then gives the family as the exposition wants it."""

    def __init__(self, name: str, kind: str, documentation: str) -> None:
        self.name, self.kind, self.documentation = name, kind, documentation
        self.values: dict[tuple[tuple[str, str], ...], float] = {}

    def add(self, labels: Mapping[str, str], value: float) -> None:
        key = tuple(labels.items())
        self.values[key] = self.values.get(key, 0) + value

    def worst(self, labels: Mapping[str, str], value: float) -> None:
        key = tuple(labels.items())
        self.values[key] = max(self.values.get(key, value), value)

    def soonest(self, labels: Mapping[str, str], value: float) -> None:
        key = tuple(labels.items())
        self.values[key] = min(self.values.get(key, value), value)

    def metric(self) -> "Metric":
        from prometheus_client.metrics_core import Metric

        metric = Metric(self.name, self.documentation, self.kind)
        for labels, value in self.values.items():
            metric.add_sample(self.name, dict(labels), value)
        return metric


def _side_labels(flow: FlowStatus, side: SideStatus, which: str) -> dict[str, str]:
    return {
        "dataflow": flow.name,
        "profile": flow.profile,
        "endpoint": side.endpoint,
        f"{which}_service_type": side.service_type,
    }


def _families(status: EngineStatus, flows: list[FlowStatus]) -> "Iterable[Metric]":
    counter, gauge = "counter", "gauge"
    received = _Family("aio_dataflow_messages_received", counter, "Messages received, redeliveries included")
    redelivered = _Family("aio_dataflow_messages_redelivered", counter, "Messages received with DUP")
    sent = _Family("aio_dataflow_messages_sent", counter, "Messages that the destination acknowledged")
    retried = _Family("aio_dataflow_messages_retried", counter, "Messages sent to the destination again")
    expired = _Family("aio_dataflow_messages_expired", counter, "Messages that expired before they were sent")
    filtered = _Family("aio_dataflow_messages_filtered", counter, "Messages that a filter dropped")
    errors_dropped = _Family(
        "aio_dataflow_messages_dropped_processing_errors", counter, "Messages dropped for an error, by reason"
    )
    busy = _Family(
        "aio_dataflow_messages_dropped_when_busy", counter, "QoS 0 messages dropped because too many were waiting"
    )
    dropped = _Family("aio_dataflow_messages_dropped", counter, "Messages dropped, by reason, whatever it is")
    bytes_received = _Family("aio_dataflow_bytes_received", counter, "Payload bytes received")
    bytes_sent = _Family("aio_dataflow_bytes_sent", counter, "Payload bytes sent")
    errors = _Family("aio_dataflow_errors", counter, "Errors, by error code")
    reconnects = _Family("aio_dataflow_reconnects", counter, "Connections that ended and were to be re-made, by reason")
    pending = _Family("aio_dataflow_messages_pending", gauge, "Messages received and not yet settled")
    inflight = _Family("aio_dataflow_messages_inflight", gauge, "Messages sent or received, not yet acknowledged")
    oldest = _Family(
        "aio_dataflow_oldest_unacknowledged_seconds", gauge, "Age of the oldest message not settled, 0 for none"
    )
    connected = _Family("aio_dataflow_connected", gauge, "1 for a connection that is up")
    active = _Family("aio_dataflow_active_dataflows", gauge, "Data flows that run")
    active.add({}, len({flow.name for flow in flows}))
    graphs = _Family("aio_dataflow_active_dataflow_graphs", gauge, "Data flow graphs that run: there are none")
    graphs.add({}, 0)
    version = _Family("aio_dataflow_version", counter, "1, with the version of the engine")
    version.add({"version": status.version}, 1)
    reconcile = _Family("aio_dataflow_reconcile_errors", gauge, "1 while what is declared could not be applied")
    reconcile.add({}, 0 if status.last_reload.applied else 1)
    for flow in flows:
        source = _side_labels(flow, flow.source, "source")
        target = _side_labels(flow, flow.destination, "target")
        counters = flow.counters
        received.add(source, counters.received)
        redelivered.add(source, counters.redelivered)
        bytes_received.add(source, counters.bytes_received)
        busy.add(source, counters.dropped.get(_BUSY, 0))
        sent.add(target, counters.delivered)
        retried.add(target, counters.retried)
        expired.add(target, counters.expired)
        filtered.add(target, counters.filtered)
        bytes_sent.add(target, counters.bytes_sent)
        for reason, count in counters.dropped.items():
            dropped.add({"dataflow": flow.name, "profile": flow.profile, "reason": reason}, count)
            if reason not in NOT_ERRORS:
                errors_dropped.add({**target, "reason": reason}, count)
        if wrong := counters.payload_errors():
            errors.add({**target, "error_code": "PayloadError"}, wrong)
        both = {"dataflow": flow.name, "profile": flow.profile}
        pending.add(both, flow.pending)
        oldest.worst(both, flow.oldest_pending_seconds or 0.0)
        for labels, side in ((source, flow.source), (target, flow.destination)):
            inflight.add(labels, side.inflight)
            connected.worst(labels, 0 if side.connected else 1)
            for reason, count in side.reconnects.items():
                reconnects.add({**labels, "reason": reason}, count)
            for code, count in side.errors.items():
                errors.add({**labels, "error_code": code}, count)
    connected.values = {labels: 1 - down for labels, down in connected.values.items()}
    for family in (
        received, redelivered, sent, retried, expired, filtered, errors_dropped, busy, dropped, bytes_received,
        bytes_sent, errors, reconnects, pending, inflight, oldest, connected, active, graphs, version, reconcile,
    ):  # fmt: skip
        yield family.metric()
    yield _expiries(flows)
    yield _latency(flows)


def _expiries(flows: list[FlowStatus]) -> "Metric":
    """When credentials end; of those of several instances the soonest."""
    name = "aio_dataflow_credential_expiry_timestamp_seconds"
    family = _Family(name, "gauge", "When a certificate, trusted authority or token in use ends, in seconds since 1970")
    for flow in flows:
        for side, which in (flow.source, "source"), (flow.destination, "target"):
            for credential in side.credentials:
                labels = {**_side_labels(flow, side, which), "kind": credential.kind, "name": credential.name}
                family.soonest(labels, datetime.fromisoformat(credential.expires).timestamp())
    return family.metric()


def _latency(flows: list[FlowStatus]) -> "Metric":
    """Arrival to the destination's acknowledgement, in milliseconds as facts 8.1 has it, buckets cumulative."""
    from prometheus_client.metrics_core import Metric

    name = "aio_dataflow_processing_latency"
    buckets = _Family(f"{name}_bucket", "", "")
    count = _Family(f"{name}_count", "", "")
    total = _Family(f"{name}_sum", "", "")
    bounds = [f"{seconds * 1000:g}" for seconds in LATENCY_BUCKETS_SECONDS] + ["+Inf"]
    for flow in flows:
        labels = _side_labels(flow, flow.source, "source")
        below = 0
        for bound, bucket in zip(bounds, flow.counters.latency_buckets, strict=True):
            below += bucket
            buckets.add({**labels, "le": bound}, below)
        count.add(labels, below)
        total.add(labels, flow.counters.latency_sum_seconds * 1000)
    metric = Metric(name, "Milliseconds from arrival to the destination's acknowledgement", "histogram")
    for family in (buckets, count, total):
        for key, value in family.values.items():
            metric.add_sample(family.name, dict(key), value)
    return metric
