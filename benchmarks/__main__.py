"""The benchmark's command line: progress on standard error, a Markdown table with its conditions on standard output."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.cases import CASES
from benchmarks.conditions import conditions
from benchmarks.figures import Figure, format_table, replace_region
from benchmarks.processes import mosquitto_path
from benchmarks.turns import say

README = Path(__file__).parent.parent / "README.md"


def main() -> int:
    """Run what the command line asks for.

    Returns:
        0, or 1 if a pass was not complete or mosquitto is missing. A bound that is not met is in the table, and no failure.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(CASES), help="this case only; may be given again")
    parser.add_argument("--runs", type=int, default=5, help="passes of each contender, default 5")
    parser.add_argument("--count", type=int, default=100_000, help="messages of a pass, default 100000")
    parser.add_argument("--paced-seconds", type=float, default=5.0, help="length of a paced pass, default 5")
    parser.add_argument(
        "--quick", action="store_true", help="one short run, which shows that it works and nothing else"
    )
    parser.add_argument("--write-readme", action="store_true", help="replace the region between the marks in README.md")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.runs, arguments.count, arguments.paced_seconds = 1, 2_000, 0.2
    if mosquitto_path() is None:
        say("mosquitto is not installed\nhint: make mosquitto")
        return 1
    try:
        figures = run(arguments.only or list(CASES), arguments.runs, arguments.count, arguments.paced_seconds)
    except RuntimeError as error:
        say(str(error))
        return 1
    load = f"{arguments.count:,} messages a pass (half as many of 4 KiB), {arguments.paced_seconds:g} s where paced"
    text = f"{format_table(figures)}\n{conditions(arguments.runs, load)}\n"
    sys.stdout.write(text)
    if arguments.write_readme:
        README.write_text(replace_region(README.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


def run(names: list[str], runs: int, count: int, paced_seconds: float) -> list[Figure]:
    """Run the named cases and return their figures.

    Raises:
        RuntimeError: a broker or a contender did not start, or a pass was not complete.
    """
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        bench = Bench(directory=Path(name), runs=runs, count=count, paced_seconds=paced_seconds)
        for case in names:
            figures += CASES[case](bench)
    return figures


if __name__ == "__main__":
    sys.exit(main())
