"""Prometheus metrics of the embedded broker, made at scrape from its status.

Knows names, labels and units. Does not count anything itself. Client identifiers are no labels: there may be any number.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidegate.telemetry.status import BrokerStatus

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["broker_families"]

_COUNTERS = (
    ("connections", "Connections that were accepted", "connections"),
    ("publishes_received", "Messages that clients published", "received"),
    ("publishes_sent", "Messages sent to clients", "sent"),
    ("bytes_received", "Bytes that came from clients, MQTT alone", "bytes_received"),
    ("bytes_sent", "Bytes sent to clients, MQTT alone", "bytes_sent"),
)
_GAUGES = (
    ("connected_sessions", "Sessions whose client is connected", "clients_connected"),
    ("total_sessions", "Sessions, those of clients that are gone included", "sessions"),
    ("durable_sessions", "Sessions that are kept on disk", "durable_sessions"),
    ("total_subscriptions", "Subscriptions of all sessions", "subscriptions"),
    ("retained_messages", "Retained messages", "retained"),
    ("retained_bytes", "Retained messages in bytes, with topics and properties", "retained_bytes"),
    ("queued_messages", "Messages that wait for sessions", "queued"),
    ("queued_bytes", "Messages that wait for sessions in bytes, with topics and properties", "queued_bytes"),
    ("inflight_messages", "Messages sent to clients and not yet acknowledged", "inflight"),
)


def broker_families(status: BrokerStatus) -> "Iterable[Metric]":
    """Return the metrics of the embedded broker."""
    from prometheus_client.metrics_core import Metric

    for kind, table in (("counter", _COUNTERS), ("gauge", _GAUGES)):
        for name, documentation, field in table:
            metric = Metric(f"aio_broker_{name}", documentation, kind)
            metric.add_sample(f"aio_broker_{name}", {}, getattr(status, field))
            yield metric
    longest = Metric("aio_broker_longest_queue_messages", "Messages that wait for the session with the most", "gauge")
    longest.add_sample(longest.name, {}, max((queue.messages for queue in status.queues), default=0))
    yield longest
    for name, documentation, counts in (
        ("messages_dropped", "Messages that a session did not get, by reason", status.dropped),
        ("connections_refused", "Clients that were not let in, by reason", status.connections_refused),
    ):
        metric = Metric(f"aio_broker_{name}", documentation, "counter")
        for reason, count in counts.items():
            metric.add_sample(metric.name, {"reason": reason}, count)
        yield metric
    listening = Metric("aio_broker_listening", "1 for a port on which clients may connect", "gauge")
    for port in status.ports:
        listening.add_sample(listening.name, {"port": str(port.port), "listener": port.listener}, int(port.listening))
    yield listening
