"""`tidegate check` against real brokers: what is found, and that nothing is left behind or passed on."""

import json
import re
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.integration.clients.paho_client import ear_at
from tests.integration.harness.manifests import Declared, config_map, dataflow, endpoint, secret, write
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World

from tidegate.cli import main

pytestmark = pytest.mark.integration

Found = dict[str, Any]
"""JSON as the verb gives it; its shape is what the tests check."""


def check(
    directory: Path, capsys: pytest.CaptureFixture[str], *declared: Declared, options: Sequence[str] = ()
) -> tuple[int, dict[str, list[Found]]]:
    """Return the exit code and the conditions of each endpoint."""
    write(directory / "checked", *declared)
    command = ["check", str(directory / "checked"), "--data-dir", str(directory / "data"), "-o", "json", *options]
    code = main([*command, "--timeout", "20"])
    found = json.loads(capsys.readouterr().out)
    (endpoints,) = [each for each in found if each["name"] == "evalDataflowEndpoints"]
    return code, {each["name"]: each["conditions"] for each in endpoints["resources"]}


def states(conditions: list[Found]) -> dict[str, str]:
    """Return the state of each condition, the worst where there are several of one name."""
    order = ("skipped", "success", "warning", "error")
    found: dict[str, str] = {}
    for each in conditions:
        found[each["name"]] = max(each["status"], found.get(each["name"], "skipped"), key=order.index)
    return found


def of(conditions: list[Found], name: str, status: str) -> Found:
    """Return the condition with a name and state."""
    return next(each for each in conditions if (each["name"], each["status"]) == (name, status))


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_brokers_that_are_well(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = world.authority("plant")
    here = world.mosquitto("here")
    there = world.mosquitto("there", tls=authority.server("localhost").for_broker(), websockets=True)
    # mosquitto opens its ports one after the other, the plain one first.
    for port in (there.tls_port, there.websocket_port):
        until(partial(answers, port), f"port {port} to be open")
    declared = [
        endpoint("default", here.port),
        endpoint("cloud", there.tls_port, host="localhost", ca="ca"),
        endpoint("sockets", there.websocket_port, protocol="WebSockets", path="/mqtt"),
        config_map("ca", {"ca.crt": authority.certificate_pem}),
        dataflow("uplink", filters=["plant/#", "$share/group/line/+"], topic="site/${inputTopic}"),
        dataflow("downlink", source="cloud", filters=["commands/#"], destination="default"),
    ]
    code, found = check(tmp_path, capsys, *declared)
    assert code == 0, [each for conditions in found.values() for each in conditions if each["status"] == "error"]
    assert set(states(found["cloud"]).values()) == set(states(found["default"]).values()) == {"success"}
    assert states(found["sockets"]) | {"subscribe": "", "publish": ""} == {
        **dict.fromkeys(
            ("spec.endpointType", "dns", "tcp", "websocket", "connect", "authentication", "capabilities"), "success"
        ),
        "subscribe": "",
        "publish": "",
    }
    tls = of(found["cloud"], "tls", "success")["detail"]
    assert re.fullmatch(r"TLSv1\.3 with TLS_\w+; CN=localhost <- CN=plant; CN=\w+ ends on [\d-]+, in \d+ days?", tls), (
        tls
    )
    assert of(found["cloud"], "publish", "success")["detail"] == (
        "may write `site/plant/tidegate-check`, `site/line/tidegate-check`"
    )
    share = of(found["default"], "subscribe", "success")["detail"]
    assert re.fullmatch(r"may read `plant/#`, `\$share/tidegate-check-\d+-default/line/\+`", share)


def test_nothing_is_passed_on_kept_or_left(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, there = world.mosquitto("here"), world.mosquitto("there")
    before = ear_at(there.port)
    world.stack.callback(before.leave)
    declared = [endpoint("default", here.port), endpoint("cloud", there.port), dataflow("uplink")]
    code, found = check(tmp_path, capsys, *declared)
    assert (code, states(found["cloud"])["publish"]) == (0, "success")
    assert "tidegate-check" in there.log()
    after = ear_at(there.port)
    world.stack.callback(after.leave)
    after.publish("after", "x", qos=1)
    until(lambda: before.arrivals and after.arrivals, "what is published afterwards")
    assert [each.topic for each in (*before.arrivals, *after.arrivals)] == ["after", "after"]
    for broker in (here, there):
        assert clients_after_restart(broker) == 0


def clients_after_restart(broker: Mosquitto) -> int:
    """Return how many sessions of the check the broker has written to disk."""
    broker.stop()
    stored = [path.read_bytes() for path in broker.configuration_path.parent.glob("*.db")]
    assert stored
    return sum(content.count(b"tidegate-check-") for content in stored)


def test_a_message_is_delivered_where_that_is_asked_for(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = world.mosquitto("here"), world.mosquitto("there")
    ear = ear_at(there.port)
    world.stack.callback(ear.leave)
    declared = [endpoint("default", here.port), endpoint("cloud", there.port), dataflow("uplink")]
    code, found = check(tmp_path, capsys, *declared, options=["--publish", "never"])
    assert (code, states(found["cloud"])["publish"]) == (0, "skipped")
    code, found = check(tmp_path, capsys, *declared, options=["--publish", "always"])
    assert (code, states(found["cloud"])["publish"]) == (0, "success")
    until(lambda: ear.arrivals, "the message")
    assert [(each.topic, each.payload, each.retain) for each in ear.arrivals] == [("plant/tidegate-check", "", False)]


def test_what_may_not_be_written_is_an_error(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules"
    rules.write_text("topic read #\ntopic write allowed/#\n")
    here, there = world.mosquitto("here"), world.mosquitto("there", options=[f"acl_file {rules}"])
    declared = [
        endpoint("default", here.port),
        endpoint("cloud", there.port),
        dataflow("uplink", topic="forbidden"),
        dataflow("other", topic="allowed/${inputTopic}"),
    ]
    code, found = check(tmp_path, capsys, *declared)
    assert code == 1
    assert of(found["cloud"], "publish", "error")["detail"] == "`forbidden` is refused: 0x87 not authorized"
    assert of(found["cloud"], "publish", "success")["detail"] == "may write `allowed/plant/tidegate-check`"


def test_dead_ports_wrong_authorities_and_wrong_certificates(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, stranger = world.authority("plant"), world.authority("stranger")
    server = authority.server("localhost")
    broker = world.mosquitto("tls", tls=server.for_broker(clients=authority))
    wrong = stranger.client()
    declared = [
        endpoint("dead", free_port()),
        endpoint("name", 1883, host="nowhere.invalid"),
        endpoint("unknown", broker.tls_port, host="localhost", ca="stranger"),
        endpoint("certificate", broker.tls_port, host="localhost", ca="plant", client_secret="wrong"),
        endpoint("plain", broker.port, host="localhost", tls=True),
        endpoint("missing", broker.tls_port, host="localhost", ca="nowhere"),
        config_map("stranger", {"ca.crt": stranger.certificate_pem}),
        config_map("plant", {"ca.crt": authority.certificate_pem}),
        secret("wrong", {"client_cert.pem": wrong.certificate_pem, "client_key.pem": wrong.key_pem}),
    ]
    code, found = check(tmp_path, capsys, *declared)
    assert code == 1
    dead = of(found["dead"], "tcp", "error")
    assert dead["detail"] == "connection refused"
    assert dead["hint"].startswith("check that the broker runs and listens on port")
    assert states(found["dead"])["publish"] == "skipped"
    assert states(found["name"])["dns"] == "error"
    assert of(found["unknown"], "tls", "error")["detail"] == "the server's certificate is signed by an unknown CA"
    # Whether the server's alert comes before the end of the connection is a matter of luck.
    refused = next(each for each in found["certificate"] if each["status"] == "error")
    assert refused["name"] in ("tls", "connect")
    assert "certificate" in refused["detail"] + refused["hint"]
    assert "TLS" in of(found["plain"], "tls", "error")["detail"]
    assert states(found["missing"]) == {
        "spec.endpointType": "success",
        "missing-reference": "warning",
        "credential": "error",
    }


def test_a_broker_that_knows_nobody(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    broker = world.mosquitto("closed", options=["allow_anonymous false", f"password_file {passwords}"])
    code, found = check(tmp_path, capsys, endpoint("default", broker.port))
    assert code == 1
    refused = of(found["default"], "authentication", "error")
    assert refused["detail"] == "Anonymous: the broker refused the connection: 0x87 not authorized"
    assert "authentication" in refused["hint"]
    assert states(found["default"])["connect"] == "success"


def test_the_embedded_broker_before_and_while_it_runs(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = world.engine(dataflow("stage", destination="default", topic="made/${inputTopic}"))
    command = ["check", str(engine.manifests), "--data-dir", str(engine.data_dir), "-o", "json"]
    engine.data_dir.mkdir(mode=0o700)
    assert main(command) == 0
    before = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert before["evalCoreServiceRuntime"]["status"] == "skipped"
    engine.start("stage")
    assert main(command) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["evalCoreServiceRuntime"]["status"] == found["evalDataflows"]["status"] == "success"
    (default,) = found["evalDataflowEndpoints"]["resources"]
    assert states(default["conditions"])["subscribe"] == "success"
    assert of(default["conditions"], "publish", "skipped")["detail"] == (
        "not tried, for the broker delivers QoS 2 at once: a message would be delivered"
    )
    assert of(default["conditions"], "authentication", "success")["detail"] == (
        "ServiceAccountToken for the audience aio-internal"
    )
    engine.check_accounting()
    assert engine.flow("stage")["counters"]["received"] == 0
