"""`tidegate pub`, `sub` and `simulate` against the embedded broker of a running engine, and mosquitto."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.harness.engine import COMMAND
from tests.integration.harness.manifests import config_map, endpoint, listener, secret, write
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World
from tests.peers import require

from tidegate.cli import main
from tidegate.cli.message_form import MessageForm
from tidegate.cli.sub import TIMED_OUT, Printer
from tidegate.engine.mqtt_tool import Received
from tidegate.message import Message

SECONDS = 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-t", "a/#/b"], "stands alone"),
        (["-t", "a", "-T", "a/#/b"], "stands alone"),
        (["-t", "a", "-C", "0"], "whole number"),
        (["-t", "a", "-F", "%z"], "'%z' is no sequence"),
        (["-t", "a", "-c"], "-i ID"),
        (["-t", "a", "-V", "31"], "mosquitto_sub"),
    ],
)
def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["sub", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_what_is_printed_and_when_it_is_enough(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    kept = [Received(Message("a", b"old", retain=True), 0, 0), Received(Message("b/c", b"new"), 0, 0)]
    assert Printer(MessageForm("%p"), no_stale=True).show(kept) == 2
    assert Printer(MessageForm("%p"), end=b"", filters_out=["b/#"]).show(kept) == 2
    counting = Printer(MessageForm("%t"), count=1)
    assert (counting.show(kept), counting.is_done) == (1, True)
    retained = Printer(MessageForm("%p"), retained_only=True)
    assert (retained.show(kept), retained.is_done) == (1, True)
    assert Printer(MessageForm("%J")).show(kept) == 2
    captured = capfdbinary.readouterr()
    assert captured.out == b"new\nolda\nold\n"
    assert captured.err.count(b"is no JSON") == 2


def run(verb: str, *arguments: str, code: int = 0, given: str | None = None) -> bytes:
    """Run a verb to its end; return what it printed."""
    command = [*COMMAND, verb, *arguments]
    text = given.encode() if given is not None else None
    done = subprocess.run(command, timeout=SECONDS, input=text, capture_output=True, check=False)
    assert done.returncode == code, (command, done.returncode, done.stderr.decode())
    return done.stdout if not code else done.stderr


@pytest.fixture(name="world")
def a_world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as world:
        yield world


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["token over TLS", "plain", "another audience"])
def test_a_message_there_and_back(world: World, kind: str) -> None:
    port: dict[str, object] = {"port": free_port()}
    resources = []
    if kind != "plain":
        port |= {"authenticationRef": "default", "tls": {"mode": "Automatic"}}
    if kind == "another audience":
        methods = [{"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["mine"]}}]
        resources.append(
            {
                "apiVersion": "mqttbroker.iotoperations.azure.com/v1",
                "kind": "BrokerAuthentication",
                "metadata": {"name": "default", "namespace": "azure-iot-operations"},
                "spec": {"authenticationMethods": methods},
            }
        )
    engine = world.engine(listener(port), *resources)  # type: ignore[arg-type]  # plain JSON
    engine.launch()
    until(lambda: engine.status() is not None, "the engine to be up")
    directory = ["--data-dir", str(engine.data_dir)]
    for qos in ("0", "1", "2"):
        run("pub", "-t", f"kept/{qos}", "-m", f"hello {qos}", "-r", "-q", qos, *directory)
    shown = run("sub", "-t", "kept/#", "-v", "-q", "2", "-C", "3", "-W", str(SECONDS), *directory)
    assert sorted(shown.splitlines()) == [b"kept/0 hello 0", b"kept/1 hello 1", b"kept/2 hello 2"]
    run("sub", "-t", "nothing", "-W", "1", *directory, code=TIMED_OUT)
    run("simulate", "--count", "6", "--rate", "1000", *directory)
    run("pub", "-t", "refused", "-n", "-h", "127.0.0.1", "-p", "1", code=1)


@pytest.mark.integration
def test_lines_sessions_that_are_kept_and_pipes_that_close(world: World) -> None:
    engine = world.engine(listener({"port": (port := free_port())}))
    engine.launch()
    until(lambda: engine.status() is not None, "the engine to be up")
    address = ["-h", "localhost", "-p", str(port)]
    keeper = ["-t", "line/+", "-c", "-i", "keeper", *address]
    run("sub", *keeper, "-E")
    run("pub", "-t", "line/1", "-l", *address, given="one\n\ntwo\nthree")
    run("pub", "-t", "line/2", *address, "-s", given="whole\n")
    # Ended by -C after two; what was not printed stays in the session.
    assert run("sub", *keeper, "-C", "2", "-W", str(SECONDS)) == b"one\n\n"
    assert run("sub", *keeper, "-C", "3", "-W", str(SECONDS), "-F", r"%p\n", "-N") == b"two\nthree\nwhole\n\n"
    with subprocess.Popen(
        [*COMMAND, "sub", "-t", "line/3", *address], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as subscriber:
        assert subscriber.stdout is not None and subscriber.stderr is not None
        subscriber.stdout.close()

        def publish_and_look() -> bool:
            run("pub", "-t", "line/3", "-m", "x", *address)
            return subscriber.poll() is not None

        until(publish_and_look, "the subscriber to end")
        assert subscriber.stderr.read() == b""


@pytest.mark.integration
def test_errors_say_what_to_do(world: World) -> None:
    port = free_port()
    engine = world.engine(listener({"port": port, "authenticationRef": "default", "tls": {"mode": "Automatic"}}))
    engine.launch()
    until(lambda: engine.status() is not None, "the engine to be up")
    address = ["-t", "a", "-h", "localhost", "-p", str(port), "-W", str(SECONDS)]
    trusted = [*address, "--cafile", str(engine.data_dir / "ca.crt")]
    assert b"hint: the port may want TLS" in run("sub", *address, code=1)
    assert b"hint: name its CA with --cafile" in run("sub", *address, "--tls-use-os-certs", code=1)
    assert b"not authorized\n  hint: check who may do this there" in run("sub", *trusted, code=1)
    token = run("token", "create", "--audience", "aio-internal", "--data-dir", str(engine.data_dir))
    (world.directory / "token").write_bytes(token)
    run("sub", *trusted, "-E", "-u", "K8S-SAT", "--password-file", str(world.directory / "token"))


@pytest.mark.integration
def test_an_endpoint_with_its_private_ca_and_client_certificate(world: World) -> None:
    authority = world.authority("brokers")
    broker = world.mosquitto("secure", tls=authority.server("localhost").for_broker(clients=authority))
    client = authority.client()
    files = world.directory / "flows"
    write(
        files,
        endpoint("cloud", broker.tls_port, host="localhost", ca="trusted", client_secret="engine"),
        config_map("trusted", {"ca.crt": authority.certificate_pem}),
        secret("engine", {"client_cert.pem": client.certificate_pem, "client_key.pem": client.key_pem}),
    )
    run("pub", "--endpoint", "cloud", str(files), "-t", "a", "-m", "hello", "-r")
    assert run("sub", "-t", "a", "--endpoint", "cloud", str(files), "-C", "1", "-W", str(SECONDS)) == b"hello\n"
    assert b"no MQTT endpoint `clod`" in run("sub", "-t", "a", "--endpoint", "clod", str(files), code=1)
    assert b"no such file" in run("sub", "-t", "a", "--endpoint", "cloud", "absent", code=1)


FORMS = [
    "%t|%10t|%-10t|%.2t|%10.2t|%-10.2t|",
    "%p %x %X",
    "%l|%6l|%06l|%-6l|%-06l",
    "%C|%20C|%-20C|%.3C|%D|%R|%.2R",
    "%E|%F|%3F|%03F|%A|%S|%P",
    "%q|%3q|%r|%3r|@@|%%",
    r"a\tb\\c\n",
]


@pytest.mark.integration
def test_forms_come_out_as_mosquitto_prints_them(world: World) -> None:
    broker = world.mosquitto("plain")
    address = ["-h", "localhost", "-p", str(broker.port)]
    properties = ["--content-type", "text/plain", "--response-topic", "r/t", "--correlation-data", "corr"]
    more = ["--user-property", "a=b", "--user-property", "a=c"]
    run("pub", "-t", "k/a", "-m", "hé", "-r", *address, *properties, *more)
    run("pub", "-t", "k/b", "-m", "plain", "-r", "-q", "0", *address)
    for topic in ("k/a", "k/b"):
        for form in FORMS:
            arguments = ["-V", "5", "-t", topic, "-C", "1", "-W", str(SECONDS), "-F", form, *address]
            theirs = subprocess.run(
                [require("mosquitto_sub"), "-q", "1", *arguments], timeout=SECONDS, capture_output=True, check=True
            )
            assert run("sub", *arguments) == theirs.stdout, form
        arguments = ["-V", "5", "-t", topic, "-q", "1", "-C", "1", "-W", str(SECONDS), "-F", "%j", *address]
        theirs = subprocess.run(
            [require("mosquitto_sub"), *arguments], timeout=SECONDS, capture_output=True, check=True
        )
        ours, expected = json.loads(run("sub", *arguments)), json.loads(theirs.stdout)
        assert {**ours, "tst": ""} == {**expected, "tst": ""}
