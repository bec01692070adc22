"""Live through the world of one seed again and print the conversation: `python -m tests.simulation.replay SEED [BUG]`.

Knows the command line. Does not know what is checked.
"""

import sys
import traceback

from tests.simulation.world import RelayMaker, World, make_relay

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Print the trace of a world, and what failed in it; 0 where nothing did."""
    if not arguments or not arguments[0].isdigit():
        print("usage: python -m tests.simulation.replay SEED [PLANTED_BUG]", file=sys.stderr)
        return 2
    maker: RelayMaker = make_relay
    if len(arguments) > 1:
        from tests.simulation.planted import PLANTED

        maker = PLANTED[arguments[1]]
    world = World(int(arguments[0]), maker, is_traced=True)
    failure = ""
    try:
        world.run()
    except AssertionError:
        failure = traceback.format_exc()
    assert world.trace is not None
    print("\n".join(world.trace))
    print(failure or f"the world holds: {world.steps} steps, {world.ledger.duplicates} duplicates")
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
