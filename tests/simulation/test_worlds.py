"""Lives through thousands of worlds, and through worlds in which a relay or a broker with a planted bug has to be caught."""

import os
import subprocess
import sys
from random import Random

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.planted_brokers import PLANTED_BROKERS
from tests.simulation.replay import trace_end
from tests.simulation.server import make_core
from tests.simulation.settings import draw
from tests.simulation.world import World, WorldFailed, make_relay, run_world

WORLDS = 2_400
WORLDS_PER_TEST = 100
# A planted bug shows itself in one of the first worlds, or the worlds are too tame.
WORLDS_UNTIL_CAUGHT = 60


@pytest.mark.parametrize("first", range(0, WORLDS, WORLDS_PER_TEST))
def test_the_promises_hold_in_every_world(first: int) -> None:
    failures = []
    for seed in range(first, first + WORLDS_PER_TEST):
        try:
            run_world(seed)
        except WorldFailed as failure:
            failures.append(str(failure))
    if failures:
        pytest.fail("\n".join(failures[:5]), pytrace=False)


@pytest.mark.parametrize("bug", sorted(PLANTED | PLANTED_BROKERS))
def test_a_planted_bug_is_caught(bug: str) -> None:
    for seed in range(WORLDS_UNTIL_CAUGHT):
        try:
            run_world(seed, PLANTED.get(bug, make_relay), PLANTED_BROKERS.get(bug, make_core))
        except WorldFailed:
            return
    who = "relay" if bug in PLANTED else "broker"
    pytest.fail(f"{WORLDS_UNTIL_CAUGHT} worlds did not notice that the {who} {bug.replace('_', ' ')}")


def _has_restarts(seed: int) -> bool:
    return [name for _, name in draw(Random(seed)).faults].count("restart") > 1


@pytest.mark.parametrize("seed", [seed for seed in range(200) if _has_restarts(seed)][:4])
def test_a_seed_makes_the_same_world_in_every_process(seed: int) -> None:
    def replay(hash_seed: str) -> list[str]:
        command = [sys.executable, "-m", "tests.simulation.replay", str(seed)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()

    worlds = [World(seed, is_traced=True) for _ in range(3)]
    for world in worlds:
        world.run()
    for trace in [replay("1"), replay("2"), *([*(world.trace or ()), trace_end(world)] for world in worlds[1:])]:
        assert trace == [*(worlds[0].trace or ()), trace_end(worlds[0])]


def test_a_failing_world_says_how_to_replay_it() -> None:
    with pytest.raises(WorldFailed, match=r"hint: replay it with `\.venv/bin/python -m tests\.simulation\.replay 0`"):
        run_world(0, PLANTED["counts_twice"])
