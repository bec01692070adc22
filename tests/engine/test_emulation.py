"""Where the stand-ins keep their keys."""

from pathlib import Path

from tidegate.engine.emulation import emulation_directory


def test_the_keys_are_none_of_the_engines() -> None:
    assert emulation_directory(None, {"STATE_DIRECTORY": "/state"}) == Path("/state/emulation")
    assert emulation_directory("here", {"STATE_DIRECTORY": "/state"}) == Path("here")
