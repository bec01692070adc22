"""The fixture `world`: one test's brokers, engines and clients, ended with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.harness.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty world in a directory of its own."""
    with World(tmp_path) as world:
        yield world
