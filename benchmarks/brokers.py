"""The embedded broker beside mosquitto, in one run: `python -m benchmarks.brokers`.

Both serve the same peers over plain TCP on loopback, with MQTT 5 and without persistence unless a row says otherwise.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.broker_chains import links, one_process, three_processes
from benchmarks.broker_contenders import BrokerBench
from benchmarks.broker_holdings import idle_connections, retained_messages, subscriptions
from benchmarks.broker_rates import fan_in, fan_out, one_in_flight, one_to_one
from benchmarks.conditions import conditions
from benchmarks.figures import Figure, format_table, replace_region
from benchmarks.processes import mosquitto_path
from benchmarks.turns import say

__all__ = ["CASES", "main"]

README = Path(__file__).parent.parent / "README.md"

CASES: dict[str, Callable[[BrokerBench], Iterator[Figure]]] = {
    case.__name__: case
    for case in (
        one_to_one,
        fan_in,
        fan_out,
        one_in_flight,
        idle_connections,
        retained_messages,
        subscriptions,
        three_processes,
        one_process,
        links,
    )
}


def main() -> int:
    """Run what the command line asks for; return 0, or 1 if a pass was not complete or mosquitto is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.brokers", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(CASES), help="this case only; may be given again")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--count", type=int, default=200_000, help="messages of a pass, default 200000")
    parser.add_argument(
        "--quick", action="store_true", help="one short run, which shows that it works and nothing else"
    )
    parser.add_argument("--write-readme", action="store_true", help="replace the region between the marks in README.md")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.runs, arguments.count = 1, 2_000
    if mosquitto_path() is None:
        say("mosquitto is not installed\nhint: make mosquitto")
        return 1
    # Thousands of connections in one process; what runs from here inherits it.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        bench = BrokerBench(directory=Path(name), runs=arguments.runs, count=arguments.count)
        try:
            for case in arguments.only or list(CASES):
                figures += CASES[case](bench)
        except RuntimeError as error:
            say(str(error))
            return 1
    said = conditions(arguments.runs, f"{arguments.count:,} messages a pass (fewer where one is in flight)")
    text = f"{format_table(figures, 'mosquitto')}\n{said}\n"
    sys.stdout.write(text)
    if arguments.write_readme:
        readme = README.read_text(encoding="utf-8")
        README.write_text(replace_region(readme, text, "broker-benchmark"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
