"""The benchmark of transformations: progress on standard error, a Markdown table with its conditions on standard output."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.conditions import conditions
from benchmarks.contenders import dataflow, endpoint, probe_topics, run_tidegate
from benchmarks.figures import Bound, Figure, format_table, replace_region
from benchmarks.node_red import node_red, node_red_version
from benchmarks.processes import Program, free_port, mosquitto_path
from benchmarks.pure_path import pure_microseconds
from benchmarks.turns import say
from benchmarks.typical import PAYLOAD, SETTINGS, SPEC
from benchmarks.wire import FILTER

README = Path(__file__).parent.parent / "README.md"


def main() -> int:
    """Run what the command line asks for.

    Returns:
        0, or 1 if a pass was not complete or mosquitto is missing. Without Node-RED its column is empty.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transformations", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="passes of each contender, default 5")
    parser.add_argument("--count", type=int, default=50_000, help="messages of a pass, default 50000")
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
    try:
        with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
            bench = Bench(directory=Path(name), runs=arguments.runs, count=arguments.count, paced_seconds=0.0)
            figures = [*pure(bench), *between_brokers(bench)]
    except RuntimeError as error:
        say(str(error))
        return 1
    load = f"{arguments.count:,} messages of {len(PAYLOAD)} bytes a pass"
    peer = f"Node-RED {node_red_version() or '(not installed)'}"
    text = f"{format_table(figures, peer)}\n{conditions(arguments.runs, load)}\n"
    sys.stdout.write(text)
    if arguments.write_readme:
        written = replace_region(README.read_text(encoding="utf-8"), text, "transformation-benchmark")
        README.write_text(written, encoding="utf-8")
    return 0


def pure(bench: Bench) -> Iterator[Figure]:
    """The relay without sockets, with and without a transformation in turn."""
    passed, transformed = [], []
    for run in range(bench.runs):
        passed.append(pure_microseconds(bench.count, PAYLOAD.encode()))
        transformed.append(pure_microseconds(bench.count, PAYLOAD.encode(), SPEC))
        say(f"pure, run {run + 1}: {passed[-1]:.2f} µs passed through, {transformed[-1]:.2f} µs transformed")
    yield Figure("processor time per message, relay without sockets, passed through", "µs", tuple(passed))
    yield Figure("processor time per message, relay without sockets, transformed", "µs", tuple(transformed))
    more = tuple(one - other for one, other in zip(transformed, passed, strict=True))
    yield Figure("what the transformation costs of it", "µs", more, bound=Bound(12, at_most=True))


def between_brokers(bench: Bench) -> Iterator[Figure]:
    """Both contenders between two mosquitto brokers, as fast as it goes, in turn."""
    ours, theirs = [], []
    for run in range(bench.runs):
        if node_red_version() is not None:
            theirs.append(bench.flood_transformed(node_red, PAYLOAD))
            say(f"transformed, run {run + 1} of {bench.runs}, Node-RED: {theirs[-1]}")
        ours.append(bench.flood_transformed(transforming, PAYLOAD))
        say(f"transformed, run {run + 1} of {bench.runs}, tidegate: {ours[-1]}")
    if not theirs:
        say("Node-RED is not installed\nhint: make node-red")
    yield Figure(
        "processor time per message, QoS 1, transformed",
        "µs",
        tuple(each.processor_microseconds for each in ours),
        tuple(each.processor_microseconds for each in theirs),
    )
    yield Figure(
        "end-to-end rate, QoS 1, transformed",
        "/s",
        tuple(each.rate for each in ours),
        tuple(each.rate for each in theirs),
    )


@contextmanager
def transforming(directory: Path, source_port: int, destination_port: int, qos: int) -> Iterator[Program]:
    """Run `tidegate run` with the typical transformation."""
    manifests = {
        "default": endpoint("default", f"127.0.0.1:{source_port}", qos),
        "destination": endpoint("destination", f"127.0.0.1:{destination_port}", qos, cloud_events="CreateOrRemap"),
        "flow": dataflow("flow", [*probe_topics(), FILTER], transformation=SETTINGS),
    }
    with run_tidegate(directory, manifests, f"127.0.0.1:{free_port()}") as program:
        yield program


if __name__ == "__main__":
    sys.exit(main())
