"""What goes wrong in a world: connections, brokers, the relay's process, and people who edit.

Knows how to break each of them. Does not know when, nor what has to hold all the same.
"""

from typing import TYPE_CHECKING

import mqtt5 as packets

from tests.simulation.door import CONNACK
from tests.simulation.host import Host
from tests.simulation.publication import Violation
from tests.simulation.settings import FILTERS, plan
from tidegate.flow.events import Side

if TYPE_CHECKING:
    from tests.simulation.world import World

__all__ = ["strike"]

DRAIN_SECONDS = 5.0
TAKE_OVER_TRIES = 200
TAKE_OVER_SECONDS = 0.02


def strike(world: "World", name: str) -> None:
    """Let one fault of `settings.FAULTS` happen now, to a side that chance chooses."""
    if world.is_calm or world.is_stopping:
        return
    random = world.random
    side = random.choice(list(Side))
    link = world.links[side]
    world.note("fault", f"{name} ({side.value})")
    if name == "cut" and link is not None:
        link.cut()
    elif name in ("stall", "blackhole") and link is not None:
        link.stall()
        if name == "stall":
            world.timeline.after(random.random() * 20, link.resume)
    elif name == "kill":
        _kill(world)
    elif name in ("restart", "kill_broker", "kill_broker_in_commit", "lose_disk", "requeue"):
        _strike_broker(world, name, side)
    elif name == "lose_session":
        _lose_session(world, side)
    elif name == "takeover":
        _take_over(world)
    elif name == "cut_client":
        client = random.choice(world.clients)
        if client.link is not None:
            client.link.cut()
    elif name == "flap":
        for _ in range(random.randint(2, 6)):
            world.timeline.after(random.random() * 3, lambda: _cut(world, Side.SOURCE))
    elif name == "edit":
        _edit(world)
    elif name == "refuse_connect":
        world.whims.refuses_connect[side] = random.randint(1, 3)
        _cut(world, side)
    elif name == "unreachable":
        world.unreachable_until[side] = world.timeline.now + random.random() * 20
        _cut(world, side)
    else:
        _strike_connection(world, name, side)


def _strike_broker(world: "World", name: str, side: Side) -> None:
    server = world.servers[side]
    if server.core is None or world.is_calm:
        return
    if name == "kill_broker_in_commit":
        server.at_next_commit(lambda: _strike_broker(world, "kill_broker", side))
        return
    if name == "restart":
        server.stop()
    elif name == "lose_disk":
        world.lose_disk(side)
    else:
        server.kill()
        if name == "requeue":
            server.disk.forget_what_was_sent()
    world.timeline.after(world.random.random() * 10, server.start)


def _lose_session(world: "World", side: Side) -> None:
    """Let somebody else connect with the relay's client identifier, who begins a new session."""
    link = world.links[side]
    if link is not None:
        link.cut()
    client_id = (world.plan.source if side is Side.SOURCE else world.plan.destination).client_id
    world.servers[side].visit(packets.ConnectPacket(client_id, clean_start=True, session_expiry_interval=0))


def _take_over(world: "World", tries: int = TAKE_OVER_TRIES) -> None:
    """Let somebody else go on with a session for a moment: if it can be, with one in which messages wait."""
    if world.is_calm or world.is_stopping:
        return
    hellos = [(world.servers[side], _hello(world, side)) for side in Side]
    hellos += [(world.server_of(client), client.hello()) for client in world.clients]
    busy = [(server, hello) for server, hello in hellos if server.has_waiting(hello.client_id)]
    if busy or not tries:
        server, hello = world.random.choice(busy or hellos)
        server.visit(hello)
    else:
        world.timeline.after(TAKE_OVER_SECONDS, lambda: _take_over(world, tries - 1))


def _hello(world: "World", side: Side) -> packets.ConnectPacket:
    flow = world.plan.source if side is Side.SOURCE else world.plan.destination
    return packets.ConnectPacket(
        flow.client_id,
        clean_start=False,
        session_expiry_interval=flow.session_expiry_seconds,
        receive_max=flow.receive_maximum or 1,
    )


def _strike_connection(world: "World", name: str, side: Side) -> None:
    door = world.doors[side]
    if door is None or door.is_over:
        return
    if name == "disconnect":
        codes = (0x80, 0x89, 0x8B, 0x8D, 0x97, 0x98)
        door.disconnect(world.random.choice(codes))
    elif name == "garbage":
        garbage = (b"\x00\x00", b"\xff\xff\xff\xff\xff", b"\x40\x02\x99\x99", b"\x20\x03\x00\x00\x00")
        chosen = world.random.choice(garbage)
        if side is Side.SOURCE and chosen[0] == CONNACK:
            world.oversight.misled()
        door.inject(chosen)
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
