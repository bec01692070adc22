"""Status values for tests."""

from typing import Any

from tidegate.telemetry.status import (
    BrokerStatus,
    EngineStatus,
    Figures,
    FlowStatus,
    PortStatus,
    QueueStatus,
    ReloadStatus,
    SideStatus,
)

SINCE = "2026-01-31T12:00:00.000Z"


def side_status(endpoint: str, **changes: Any) -> SideStatus:
    values: dict[str, Any] = {
        "endpoint": endpoint,
        "service_type": "Unknown MQTT Broker",
        "state": "connected",
        "connected": True,
        "client_id": f"tidegate-{endpoint}",
        "inflight": 0,
        "reconnects": {},
        "errors": {},
        "last_error": None,
        "next_retry_seconds": None,
        "since": SINCE,
    }
    return SideStatus(**{**values, **changes})


def flow_status(name: str = "bridge", **changes: Any) -> FlowStatus:
    values: dict[str, Any] = {
        "name": name,
        "profile": "default",
        "ordinal": 0,
        "health": "Available",
        "reason_code": None,
        "message": "messages flow",
        "since": SINCE,
        "counters": Figures(),
        "pending": 0,
        "oldest_pending_seconds": None,
        "source": side_status("here", state="subscribed"),
        "destination": side_status("there"),
    }
    return FlowStatus(**{**values, **changes})


def engine_status(*flows: FlowStatus, **changes: Any) -> EngineStatus:
    from tidegate.engine.health import dataflow_health

    values: dict[str, Any] = {
        "flows": list(flows),
        "dataflows": dataflow_health(flows),
        "last_reload": ReloadStatus(at=SINCE, applied=True, errors=[]),
        "problems": [],
        "process_id": 1,
        "version": "0.1.0",
        "uptime_seconds": 1.0,
    }
    return EngineStatus(**{**values, **changes})


def broker_status(**changes: Any) -> BrokerStatus:
    values: dict[str, Any] = {
        "ports": [
            PortStatus(port=18883, listener="default", protocol="Mqtt", tls=True, listening=True, problem=None),
            PortStatus(port=1883, listener="plain", protocol="Mqtt", tls=False, listening=False, problem="in use"),
        ],
        "clients_connected": 2,
        "sessions": 3,
        "durable_sessions": 1,
        "subscriptions": 4,
        "retained": 6,
        "retained_bytes": 60,
        "queued": 5,
        "queued_bytes": 50,
        "inflight": 1,
        "queues": [QueueStatus(client_id="slow-client", connected=False, messages=4, bytes=40, inflight=1)],
        "connections": 8,
        "connections_refused": {"0x87 not authorized": 1},
        "received": 9,
        "sent": 10,
        "bytes_received": 900,
        "bytes_sent": 1000,
        "dropped": {"queue": 7},
    }
    return BrokerStatus(**{**values, **changes})
