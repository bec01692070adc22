"""What kind of world a seed makes: its network, its brokers and their disks, its messages and its faults.

Knows numbers drawn from one `Random`. Does not know what happens in the world.
"""

from dataclasses import dataclass
from random import Random

from tests.simulation.link import Network
from tidegate.broker.limits import BrokerLimits
from tidegate.flow.plan import AnonymousPlan, EndpointPlan, FlowPlan, SidePlan
from tidegate.settings import OnRejected
from tidegate.transform.spec import TransformSpec

__all__ = ["FILTERS", "TEMPLATE", "WorldSettings", "draw", "limits", "plan"]

FILTERS = (("t/#",), ("t/+",), ("t/1", "t/2", "t/3"), ("t/1", "t/+"), ("t/2",), ("t/2", "t/3"))
TEMPLATE = "out/${inputTopic.2}"

FAULTS = (
    "cut",
    "blackhole",
    "stall",
    "kill",
    "restart",
    "kill_broker",
    "kill_broker",
    "kill_broker_in_commit",
    "kill_broker_in_commit",
    "lose_disk",
    "requeue",
    "lose_session",
    "cut_client",
    "flap",
    "edit",
    "refuse_connect",
    "unreachable",
    "takeover",
    "takeover",
    "disconnect",
    "garbage",
    "reconnect",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """One world. `faults` are pairs of a time in seconds and a name of `FAULTS`; shares are from 0 to 1."""

    source_window: int
    destination_window: int
    source_excess: int
    destination_qos: int
    retain_mode: str
    on_rejected: OnRejected | None
    topics: int
    messages: int
    seconds: float
    network: Network
    answer_seconds: float
    answers_in_order: bool
    applies_late: bool
    uses_aliases: bool
    limits_change: bool
    commit_seconds: float
    commit_failures: float
    broker_receive_maximum: int
    queued_max: int
    queued_in_memory_max: int
    publisher_window: int
    subscriber_window: int
    has_witness: bool
    qos0_share: float
    expiry_share: float
    large_share: float
    retain_share: float
    qos2_share: float
    state_share: float
    unresolvable_share: float
    held_share: float
    refused_share: float
    qos0_pending_bytes_max: int
    keep_alive_seconds: int
    session_expiry_seconds: int
    stall_seconds: float
    filters: tuple[str, ...]
    faults: tuple[tuple[float, str], ...]
    ending: str


def draw(random: Random) -> WorldSettings:
    """Draw a world. Most have few kinds of trouble, so that each kind also comes alone."""

    def share(chance: float, most: float) -> float:
        return random.random() * most if random.random() < chance else 0.0

    seconds = random.choice((3.0, 10.0, 40.0))
    kinds = random.sample(FAULTS, random.choice((0, 1, 2, 3, 4, 8)))
    faults = sorted((random.random() * seconds, random.choice(kinds)) for _ in range(random.randint(1, 15)) if kinds)
    return WorldSettings(
        source_window=random.choice((1, 2, 3, 5, 10, 30)),
        destination_window=random.choice((1, 2, 3, 5, 10, 30)),
        source_excess=random.choice((1,) * 15 + (2, 10)),
        destination_qos=random.choice((1, 1, 1, 1, 1, 1, 1, 0)),
        retain_mode=random.choice(("Keep", "Never")),
        on_rejected=random.choice((None, None, None, None, "drop", "hold")),
        topics=random.randint(1, 4),
        messages=random.choice((30, 100, 300)),
        seconds=seconds,
        network=Network(random.choice((0.0, 0.001, 0.02, 0.5)), random.choice((0.0, 0.1, 0.5))),
        answer_seconds=random.choice((0.0, 0.01, 0.1, 1.0)),
        answers_in_order=random.random() < 0.7,
        applies_late=random.random() < 0.5,
        uses_aliases=random.random() < 0.4,
        limits_change=random.random() < 0.4,
        commit_seconds=random.choice((0.0, 0.005, 0.05, 1.0)),
        commit_failures=share(0.2, 0.5),
        broker_receive_maximum=random.choice((1024, 1024, 5, 1)),
        queued_max=random.choice((1_000_000, 1_000_000, 1_000_000, 20)),
        queued_in_memory_max=random.choice((20_000, 20_000, 4)),
        publisher_window=random.choice((1, 5, 20)),
        subscriber_window=random.choice((1, 5, 65_535)),
        has_witness=random.random() < 0.3,
        qos0_share=share(0.3, 0.5),
        expiry_share=share(0.3, 0.6),
        large_share=share(0.25, 0.3),
        retain_share=share(0.25, 0.3),
        qos2_share=share(0.6, 1.0),
        state_share=share(0.6, 0.3),
        unresolvable_share=share(0.2, 0.3),
        held_share=share(0.3, 0.2),
        refused_share=share(0.2, 0.2),
        qos0_pending_bytes_max=random.choice((0, 200, 100_000)),
        keep_alive_seconds=random.choice((0, 5, 60)),
        session_expiry_seconds=random.choice((600, 600, 600, 3)),
        stall_seconds=random.choice((5.0, 60.0)),
        filters=random.choice(FILTERS),
        faults=tuple(faults),
        ending=random.choice(("settle", "settle", "drain", "end_session", "end_session_under_load")),
    )


def limits(settings: WorldSettings) -> BrokerLimits:
    """Make the limits of both brokers' cores in this world."""
    return BrokerLimits(
        receive_maximum=settings.broker_receive_maximum,
        queued_messages_max=settings.queued_max,
        queued_in_memory_max=min(settings.queued_in_memory_max, settings.queued_max),
        # No topic of a world is the broker's own.
        statistics_seconds=600.0,
    )


def plan(settings: WorldSettings, filters: tuple[str, ...], source_window: int, destination_window: int) -> FlowPlan:
    """Make the plan of a relay in this world."""

    def side(name: str, qos: int, window: int, session_expiry_seconds: int) -> SidePlan:
        return SidePlan(
            endpoint=EndpointPlan(
                name=name,
                host=name,
                port=1883,
                transport="tcp",
                path="/mqtt",
                tls=None,
                authentication=AnonymousPlan(),
                service_type="Custom MQTT Broker",
            ),
            client_id=f"tidegate-flow-0-{name}",
            qos=qos,
            # A link that is dead in silence is found by the keep alive alone.
            keep_alive_seconds=settings.keep_alive_seconds or 60,
            session_expiry_seconds=session_expiry_seconds,
            receive_maximum=window,
        )

    return FlowPlan(
        name="flow",
        profile="default",
        ordinal=0,
        source=side("source", 1, source_window, settings.session_expiry_seconds),
        destination=side("destination", settings.destination_qos, destination_window, settings.session_expiry_seconds),
        topic_filters=filters,
        retain_mode="Keep" if settings.retain_mode == "Keep" else "Never",
        transform=TransformSpec(topic_template=TEMPLATE),
        stall_seconds=settings.stall_seconds,
        stall_seconds_max=settings.stall_seconds * 8,
        qos0_pending_bytes_max=settings.qos0_pending_bytes_max,
        packet_bytes_max=None,
        on_rejected=settings.on_rejected,
    )
