"""Lives through thousands of worlds, and through worlds in which a relay with a planted bug has to be caught."""

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.world import World, WorldFailed, run_world

WORLDS = 4_000
WORLDS_PER_TEST = 100
# A planted bug shows itself in one of the first worlds, or the worlds are too tame.
WORLDS_UNTIL_CAUGHT = 60


@pytest.mark.parametrize("first", range(0, WORLDS, WORLDS_PER_TEST))
def test_the_promise_holds_in_every_world(first: int) -> None:
    failures = []
    for seed in range(first, first + WORLDS_PER_TEST):
        try:
            run_world(seed)
        except WorldFailed as failure:
            failures.append(str(failure))
    if failures:
        pytest.fail("\n".join(failures[:5]), pytrace=False)


@pytest.mark.parametrize("bug", sorted(PLANTED))
def test_a_planted_bug_is_caught(bug: str) -> None:
    for seed in range(WORLDS_UNTIL_CAUGHT):
        try:
            run_world(seed, PLANTED[bug])
        except WorldFailed:
            return
    pytest.fail(f"{WORLDS_UNTIL_CAUGHT} worlds did not notice that the relay {bug.replace('_', ' ')}")


def test_a_seed_makes_the_same_world_every_time() -> None:
    def trace(seed: int) -> list[str]:
        world = World(seed, is_traced=True)
        world.run()
        assert world.trace is not None
        return world.trace

    assert [trace(seed) for seed in range(5)] == [trace(seed) for seed in range(5)]


def test_a_failing_world_says_how_to_replay_it() -> None:
    with pytest.raises(WorldFailed, match=r"hint: replay it with `\.venv/bin/python -m tests\.simulation\.replay 0`"):
        run_world(0, PLANTED["counts_twice"])
