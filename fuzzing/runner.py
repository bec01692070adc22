"""Runs a target with inputs of a seed for a time, and says what it found."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

__all__ = ["input_in_notes", "run_as_command", "run_for"]


@contextmanager
def without_the_codecs_noise() -> Iterator[None]:
    """Send standard error to nowhere, for the codec writes each of its panics there."""
    sys.stderr.flush()
    kept, hook = os.dup(2), sys.unraisablehook
    with tempfile.TemporaryFile() as nowhere:
        os.dup2(nowhere.fileno(), 2)
        sys.unraisablehook = lambda _: None
        try:
            yield
        finally:
            sys.unraisablehook = hook
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def input_in_notes(call: str) -> Iterator[None]:
    """Add to what is raised the `call` that raises it again."""
    try:
        yield
    except BaseException as error:
        error.add_note(call)
        raise


def run_for(
    seconds: float,
    seed: int,
    inputs: Callable[[Random], Iterator[bytes]],
    check: Callable[[Random, bytes], None],
) -> int:
    """Check inputs of a seed for some seconds; return how many.

    Raises:
        Exception: what an input caused; the input is in its notes.
    """
    random = Random(seed)
    deadline = time.monotonic() + seconds
    count = 0
    with without_the_codecs_noise():
        for data in inputs(random):
            check(random, data)
            count += 1
            if time.monotonic() >= deadline:
                break
    return count


def run_as_command(description: str, run: Callable[[float, int], int], arguments: Sequence[str] | None) -> None:
    """Run as the command line asks, and print how many inputs there were."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="where to begin (default: 0)")
    options = parser.parse_args(arguments)
    count = run(options.seconds, options.seed)
    print(f"{count} inputs of seed {options.seed} in {options.seconds:g} s: every promise held")
