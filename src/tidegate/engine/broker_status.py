"""What the embedded broker shows of itself in `/status`.

Knows how its counts become the status values. Does not count, and does not know listeners.
"""

from collections.abc import Mapping

from tidegate.broker.broker import Broker
from tidegate.flow.policy import reason_name
from tidegate.telemetry.status import BrokerStatus, PortStatus, QueueStatus

__all__ = ["SHUT_OUT", "broker_status"]

SHUT_OUT = "shut out"
"""Beside the reason codes: closed before a word was read."""


def broker_status(broker: Broker, ports: list[PortStatus], refused_by_listeners: Mapping[str, int]) -> BrokerStatus:
    """Return the status of a broker that listens on `ports`; `refused_by_listeners` is by reason."""
    held, counted = broker.holdings(), broker.statistics
    refused = {reason_name(code): count for code, count in sorted(counted.connections_refused.items())}
    if counted.connections_shut_out:
        refused[SHUT_OUT] = counted.connections_shut_out
    refused.update(refused_by_listeners)
    return BrokerStatus(
        ports=ports,
        clients_connected=held.clients_connected,
        sessions=held.sessions,
        durable_sessions=held.durable_sessions,
        subscriptions=held.subscriptions,
        retained=held.retained,
        retained_bytes=held.retained_bytes,
        queued=held.queued,
        queued_bytes=held.queued_bytes,
        inflight=held.inflight,
        queues=[
            QueueStatus(
                client_id=each.client_id,
                connected=each.is_connected,
                messages=each.messages,
                bytes=each.size,
                inflight=each.inflight,
            )
            for each in held.longest
        ],
        connections=counted.connections,
        connections_refused=refused,
        received=counted.received,
        sent=counted.sent,
        bytes_received=counted.bytes_received,
        bytes_sent=counted.bytes_sent,
        dropped=dict(counted.dropped),
    )
