"""Plans, secrets and tools for tests of the engine."""

from dataclasses import replace
from typing import Any

from tidegate.flow.plan import AnonymousPlan, EndpointPlan, FlowPlan, SidePlan
from tidegate.transform.spec import TransformSpec


def endpoint_plan(name: str, port: int = 1883, host: str = "broker.example") -> EndpointPlan:
    return EndpointPlan(
        name=name,
        host=host,
        port=port,
        transport="tcp",
        path="",
        tls=None,
        authentication=AnonymousPlan(),
        service_type="Unknown MQTT Broker",
    )


def side_plan(name: str, client_id: str, **endpoint: Any) -> SidePlan:
    return SidePlan(
        endpoint=endpoint_plan(name, **endpoint),
        client_id=client_id,
        qos=1,
        keep_alive_seconds=60,
        session_expiry_seconds=600,
        receive_maximum=100,
    )


def flow_plan(
    name: str = "bridge",
    ordinal: int = 0,
    *,
    profile: str = "default",
    prefix: str = "tidegate",
    filters: tuple[str, ...] = ("#",),
    topic: str = "${inputTopic}",
    source_port: int = 1883,
    destination_port: int = 1884,
    host: str = "broker.example",
) -> FlowPlan:
    client_id = f"{prefix}-{name}-{ordinal}"
    return FlowPlan(
        name=name,
        profile=profile,
        ordinal=ordinal,
        source=side_plan("here", f"{client_id}-source", port=source_port, host=host),
        destination=side_plan("there", f"{client_id}-destination", port=destination_port, host=host),
        topic_filters=filters,
        retain_mode="Keep",
        transform=TransformSpec(topic_template=topic),
        stall_seconds=60.0,
        stall_seconds_max=900.0,
        qos0_pending_bytes_max=1 << 24,
        packet_bytes_max=None,
        on_rejected=None,
    )


def with_source(plan: FlowPlan, **changes: Any) -> FlowPlan:
    """Return the plan with other settings of its source side."""
    return replace(plan, source=replace(plan.source, **changes))
