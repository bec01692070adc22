"""The embedded broker beside mosquitto, in one run: `python -m benchmarks.brokers`.

Both serve the same peers over plain TCP on loopback, with MQTT 5 and without persistence unless a row says otherwise.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.conditions import conditions
from benchmarks.contenders import COMMAND
from benchmarks.figures import Bound, Figure, format_table, replace_region
from benchmarks.passes import Pass, run_pass
from benchmarks.processes import Program, free_port, mosquitto_path, running, start_broker, start_peer, wait_for_port
from benchmarks.turns import compare, say
from benchmarks.usage import processor_seconds, resident_bytes

__all__ = ["CASES", "main"]

README = Path(__file__).parent.parent / "README.md"
FAN = 10
ONE_BY_ONE = 100
IDLE = 1_000

BROKER = """\
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: Broker
metadata: {{name: default}}
spec: {{persistence: {{sessions: {sessions}}}}}
---
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: BrokerListener
metadata: {{name: default}}
spec: {{ports: [{{port: {port}}}]}}
"""

Served = tuple[Program, int]
Measure = Callable[[Served, int], Pass]


@contextmanager
def mosquitto(directory: Path) -> Iterator[Served]:
    """Run mosquitto, without persistence."""
    with start_broker(directory, "mosquitto") as broker:
        yield broker.program, broker.port


@contextmanager
def tidegate(directory: Path, sessions: str = "None") -> Iterator[Served]:
    """Run `tidegate run` as a broker and nothing else; `sessions` are those kept on disk."""
    manifests = Path(mkdtemp(prefix="broker-", dir=directory))
    port = free_port()
    (manifests / "broker.yaml").write_text(BROKER.format(port=port, sessions=sessions))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [*COMMAND, "run", str(manifests), "--data-dir", str(manifests / "data"), "--http", "off"]
    with running(command, directory / "tidegate-broker.log", environment) as program:
        wait_for_port(port, program)
        yield program, port


def in_turn(directory: Path, runs: int, name: str, measure: Measure, sessions: str = "None") -> list[tuple[Pass, Pass]]:
    """Measure mosquitto and Tidegate in turn; each pass has a broker of its own, and a short one before it."""
    pairs = []
    for run in range(runs):
        found = []
        for label, served in (("mosquitto", mosquitto(directory)), ("tidegate", tidegate(directory, sessions))):
            with served as here:
                measure(here, 10)
                found.append(measure(here, 1))
            say(f"{name}, run {run + 1} of {runs}, {label}: {found[-1]}")
        pairs.append((found[0], found[1]))
    return pairs


def one_to_one(directory: Path, runs: int, count: int) -> Iterator[Figure]:
    """One publisher, one subscriber."""
    for name, qos, sessions, bound in (
        ("QoS 1, window 1000", 1, "None", Bound(4, at_most=False, is_relative=True)),
        (
            "QoS 1, durable session, synced before each PUBACK",
            1,
            "Expiring",
            Bound(1.5, at_most=False, is_relative=True),
        ),
        ("QoS 0", 0, "None", None),
    ):
        durable = sessions == "Expiring"

        def measure(served: Served, part: int, qos: int = qos, durable: bool = durable) -> Pass:
            program, port = served
            return run_pass(program, port, port, qos=qos, payload_bytes=256, count=count // part, durable=durable)

        pairs = in_turn(directory, runs, f"1 to 1, {name}", measure, sessions)
        yield compare(f"rate 1 to 1, {name}", "/s", pairs, lambda one: one.rate, bound)
        yield compare(
            f"processor time per message, 1 to 1, {name}", "µs", pairs, lambda one: one.processor_microseconds
        )


def fan_out(directory: Path, runs: int, count: int) -> Iterator[Figure]:
    """One publisher, ten subscribers, QoS 0."""

    def measure(served: Served, part: int) -> Pass:
        program, port = served
        messages = count // part // FAN
        credit_out, credit_in = os.pipe()
        options = [*_options(port, FAN, messages), "--credit-fd", str(credit_in)]
        with start_peer("broker_peers", "fan", *options, pass_fds=[credit_in]) as fan:
            os.close(credit_in)
            assert fan.read_line() == "ready"
            fan.write_line("go")
            before = processor_seconds(program.process_id)
            load = ["--port", str(port), "--qos", "0", "--count", str(messages), "--payload-bytes", "256"]
            with start_peer("load", *load, "--credit-fd", str(credit_out), pass_fds=[credit_out]) as peer:
                os.close(credit_out)
                sent = json.loads(peer.result())
            arrived = json.loads(fan.result())
            after = processor_seconds(program.process_id)
        _complete(arrived["received"], messages * FAN)
        seconds = (arrived["last_ns"] - sent["start_ns"]) / 1e9
        return Pass(count=messages * FAN, seconds=seconds, processor_seconds=after - before)

    pairs = in_turn(directory, runs, "1 to 10", measure)
    bound = Bound(0.3, at_most=True, is_relative=True)
    yield compare(
        "processor time per delivery, 1 to 10, QoS 0",
        "µs",
        pairs,
        lambda one: one.processor_microseconds,
        bound,
    )


def one_in_flight(directory: Path, runs: int, count: int) -> Iterator[Figure]:
    """Publishers with one message in flight each."""
    for connections in (ONE_BY_ONE, 1):

        def measure(served: Served, part: int, connections: int = connections) -> Pass:
            program, port = served
            messages = count // part // (2 if connections > 1 else 10)
            with start_peer("broker_peers", "one-by-one", *_options(port, connections, messages)) as peer:
                assert peer.read_line() == "ready"
                before = processor_seconds(program.process_id)
                peer.write_line("go")
                found = json.loads(peer.result())
                after = processor_seconds(program.process_id)
            _complete(found["received"], messages)
            seconds = (found["last_ns"] - found["start_ns"]) / 1e9
            p50 = found["p50_seconds"]
            return Pass(count=messages, seconds=seconds, processor_seconds=after - before, p50_seconds=p50)

        pairs = in_turn(directory, runs, f"{connections} publishers with one in flight", measure)
        if connections > 1:
            bound = Bound(0.9, at_most=False, is_relative=True)
            name = f"rate, {connections} publishers with one message in flight each, QoS 1"
            yield compare(name, "/s", pairs, lambda one: one.rate, bound)
        else:
            bound = Bound(1.3, at_most=True, is_relative=True)
            name = "round trip to PUBACK, median, one publisher with one in flight"
            yield compare(name, "ms", pairs, lambda one: one.p50_seconds * 1e3, bound)


def idle_connections(directory: Path, runs: int, count: int) -> Iterator[Figure]:
    """Memory of connections that do nothing."""
    values: dict[str, list[float]] = {"mosquitto": [], "tidegate": []}
    connections = min(IDLE, count)
    for _ in range(runs):
        for label, served in (("mosquitto", mosquitto(directory)), ("tidegate", tidegate(directory))):
            with served as (program, port):
                with start_peer("broker_peers", "idle", *_options(port, 50, 0)) as warm:
                    assert warm.read_line() == "ready"
                    warm.write_line("go\n")
                    warm.result()
                before = resident_bytes(program.process_id)
                with start_peer("broker_peers", "idle", *_options(port, connections, 0)) as peer:
                    assert peer.read_line() == "ready"
                    time.sleep(0.2)
                    kilobytes = (resident_bytes(program.process_id) - before) / connections / 1e3
                    peer.write_line("go\n")
                    peer.result()
            values[label].append(kilobytes)
            say(f"idle connections, {label}: {kilobytes:.1f} KB each")
    yield Figure(
        f"resident memory per idle connection, {connections:,} of them, plain TCP",
        "KB",
        tuple(values["tidegate"]),
        tuple(values["mosquitto"]),
        Bound(20, at_most=True),
    )


def _options(port: int, connections: int, count: int) -> list[str]:
    return ["--port", str(port), "--connections", str(connections), "--count", str(count)]


def _complete(received: int, count: int) -> None:
    if received != count:
        raise RuntimeError(f"a pass of {count} messages is not complete: {received} came")


CASES: dict[str, Callable[[Path, int, int], Iterator[Figure]]] = {
    case.__name__: case for case in (one_to_one, fan_out, one_in_flight, idle_connections)
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
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as name:
        try:
            for case in arguments.only or list(CASES):
                figures += CASES[case](Path(name), arguments.runs, arguments.count)
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
