"""Live through the world of one seed again and print the conversation: `python -m tests.simulation.replay SEED [BUG]`.

Knows the command line. Does not know what is checked.
"""

import sys
import traceback

from tests.simulation.planted import PLANTED
from tests.simulation.planted_brokers import PLANTED_BROKERS
from tests.simulation.server import make_core
from tests.simulation.world import World, make_relay

__all__ = ["main", "trace_end"]


def main(arguments: list[str]) -> int:
    """Print the trace of a world, and what failed in it; 0 where nothing did."""
    bugs = {**PLANTED, **PLANTED_BROKERS}
    bug = arguments[1] if len(arguments) > 1 else None
    if not arguments or not arguments[0].isdigit() or (bug is not None and bug not in bugs):
        usage = "usage: python -m tests.simulation.replay SEED [PLANTED_BUG]"
        print(f"{usage}\nplanted bugs: {', '.join(bugs)}", file=sys.stderr)
        return 2
    maker = PLANTED.get(bug or "", make_relay)
    core_maker = PLANTED_BROKERS.get(bug or "", make_core)
    world = World(int(arguments[0]), maker, core_maker, is_traced=True)
    failure = ""
    try:
        world.run()
    except AssertionError:
        failure = traceback.format_exc()
    assert world.trace is not None
    print("\n".join(world.trace))
    print(failure or trace_end(world))
    return 1 if failure else 0


def trace_end(world: World) -> str:
    """Say that a world holds."""
    return f"the world holds: {world.oversight.steps} steps, {world.ledger.duplicates} duplicates"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
