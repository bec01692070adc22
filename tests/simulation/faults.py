"""What goes wrong in a world: connections, brokers, the relay's process, and people who edit.

Knows how to break each of them. Does not know when, nor what has to hold all the same.
"""

from typing import TYPE_CHECKING

from tests.simulation.host import Host
from tests.simulation.publication import Violation
from tests.simulation.server_connection import SESSION_TAKEN_OVER
from tests.simulation.settings import FILTERS, plan
from tidegate.flow.events import Side

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["strike"]

DRAIN_SECONDS = 5.0


def strike(world: "World", name: str) -> None:
    """Let one fault of `settings.FAULTS` happen now, to a side that chance chooses."""
    if world.is_calm or world.is_stopping:
        return
    random = world.random
    side = random.choice(list(Side))
    broker, link = world.brokers[side], world.links[side]
    world.note("fault", f"{name} ({side.value})")
    if name == "cut" and link is not None:
        link.cut()
    elif name in ("stall", "blackhole") and link is not None:
        link.stall()
        if name == "stall":
            world.timeline.after(random.random() * 20, link.resume)
    elif name == "kill":
        _kill(world)
    elif name.startswith("restart"):
        broker.stop()
        if name == "restart_without_sessions":
            broker.lose_sessions()
        elif name == "restart_as_new":
            # Nobody can know again what comes without DUP and with another packet id.
            if side is Side.SOURCE:
                world.ledger.duplicates_allowed += world.plan.source.receive_maximum
            broker.requeue_inflight()
        world.timeline.after(random.random() * 10, broker.start)
    elif name == "lose_session":
        if link is not None:
            link.cut()
        broker.lose_sessions()
    elif name == "flap":
        for _ in range(random.randint(2, 6)):
            world.timeline.after(random.random() * 3, lambda: _cut(world, Side.SOURCE))
    elif name == "edit":
        _edit(world)
    elif name == "refuse_connect":
        world.refuses_connect[side] = random.randint(1, 3)
        _cut(world, side)
    elif name == "unreachable":
        world.unreachable_until[side] = world.timeline.now + random.random() * 20
        _cut(world, side)
    else:
        _strike_connection(world, name, side)


def _strike_connection(world: "World", name: str, side: Side) -> None:
    connection = next(iter(world.brokers[side].connections.values()), None)
    if connection is None:
        return
    if name == "takeover":
        connection.disconnect(SESSION_TAKEN_OVER)
    elif name == "disconnect":
        codes = (0x80, 0x89, 0x8B, 0x8D, 0x97, 0x98)
        connection.disconnect(world.random.choice(codes))
    elif name == "garbage":
        garbage = (b"\x00\x00", b"\xff\xff\xff\xff\xff", b"\x40\x02\x99\x99", b"\x20\x03\x00\x00\x00")
        connection.inject(world.random.choice(garbage))
    elif name == "reconnect":
        world.host.step(lambda relay, now: relay.reconnect(side, "the certificate was renewed"))


def _cut(world: "World", side: Side) -> None:
    link = world.links[side]
    if link is not None and not world.is_calm:
        link.cut()


def _kill(world: "World") -> None:
    world.host.kill()
    world.host = world.new_host()
    world.timeline.after(world.random.random() * 5, world.host.start)


def _edit(world: "World") -> None:
    """Drain, and go on with another plan on the same client ids."""
    world.is_stopping = True
    host = world.host
    host.step(lambda relay, now: relay.drain(now))
    world.timeline.after(DRAIN_SECONDS, lambda: host.step(lambda relay, now: relay.abandon(now)))
    world.timeline.after(DRAIN_SECONDS + 6.0, lambda: _replace(world, host))


def _replace(world: "World", host: Host) -> None:
    if not host.has_drained:
        raise Violation("an abandoned relay does not end")
    if host.unsettled == 0 and host.relay.pending():
        raise Violation("a drained relay has pending messages")
    random, settings = world.random, world.settings
    windows = random.choice((1, 3, 20)), random.choice((1, 3, 20))
    world.use_plan(plan(settings, random.choice(FILTERS), *windows))
    world.note("world", f"edit: {world.plan.topic_filters}, windows {windows}")
    world.host = world.new_host()
    world.is_stopping = False
    world.host.start()
