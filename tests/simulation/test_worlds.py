"""Lives through thousands of worlds, and through worlds in which a relay or a broker with a planted bug has to be caught."""

import os
import subprocess
import sys

import pytest

from tests.simulation.planted import PLANTED
from tests.simulation.planted_brokers import PLANTED_BROKERS
from tests.simulation.server import make_core
from tests.simulation.world import WorldFailed, make_relay, run_world

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


@pytest.mark.parametrize("seed", range(4))
def test_a_seed_makes_the_same_world_in_every_process(seed: int) -> None:
    def replay(hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "tests.simulation.replay", str(seed)]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

    trace = replay("1")
    assert b"the world holds" in trace
    assert replay("2") == trace


def test_a_failing_world_says_how_to_replay_it() -> None:
    with pytest.raises(WorldFailed, match=r"hint: replay it with `\.venv/bin/python -m tests\.simulation\.replay 0`"):
        run_world(0, PLANTED["counts_twice"])
