"""Where the stand-ins keep their keys, so that the one trusts the tokens of the other.

Knows the folder. Does not know what is emulated.
"""

from collections.abc import Mapping
from pathlib import Path

from tidegate.engine.data_directory import default_data_directory

__all__ = ["emulation_directory"]


def emulation_directory(chosen: str | None, environment: Mapping[str, str]) -> Path:
    """Return the folder chosen, else `emulation` in the usual data directory: its keys are none of the engine's."""
    return Path(chosen) if chosen is not None else default_data_directory(environment) / "emulation"
