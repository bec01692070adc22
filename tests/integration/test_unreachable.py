"""Failure mode 34: a side that cannot be reached when the engine starts. Said in words, tried again, and no one else harmed."""

import pytest
from tests.integration.harness.manifests import Declared, config_map, dataflow, endpoint, write
from tests.integration.harness.scripted import Script, http_answer
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]


@pytest.mark.parametrize("side", ["source", "destination"])
def test_failure_34_one_side_comes_up_later(world: World, side: str) -> None:
    brokers = {name: world.mosquitto(name) for name in ("source", "destination")}
    brokers[side].stop()
    engine = world.engine(*world.bridge_resources(brokers["source"].port, brokers["destination"].port))
    engine.launch()
    engine.wait_for(lambda: engine.flow("bridge").get("health") == "Unavailable", "the flow to say so")
    flow = engine.flow("bridge")
    assert f"127.0.0.1:{brokers[side].port}" in flow[side]["last_error"]
    assert "refused" in flow[side]["last_error"]
    assert flow["reason_code"] in (
        "DataflowMqttSourceConnectionFailed" if side == "source" else "DataflowMqttTargetConnectionFailed",
    )
    assert engine.get("/livez")[0] == 200
    assert engine.get("/readyz")[0] == 503
    brokers[side].start()
    engine.wait_connected("bridge")
    subscriber = world.subscriber(brokers["destination"].port, ["plant/#"])
    publisher = world.publisher(brokers["source"].port, TOPICS, total=100)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)


def expect_last_error(world: World, cloud: Declared, *words: str, extra: tuple[Declared, ...] = ()) -> None:
    """Run a flow to an endpoint that cannot work, beside one that does; assert what is said of the first."""
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(
        endpoint("default", source.port),
        cloud,
        endpoint("works", destination.port),
        dataflow("bridge", destination="cloud"),
        dataflow("healthy", destination="works"),
        *extra,
    )
    engine.start("healthy")
    engine.wait_for(lambda: engine.flow("bridge").get("health") == "Unavailable", "the flow to say so")
    said = engine.flow("bridge")["destination"]["last_error"]
    assert all(word in said for word in words), said
    assert engine.flow("healthy")["health"] == "Available"


def test_failure_34_name_that_does_not_resolve(world: World) -> None:
    expect_last_error(world, endpoint("cloud", 1883, host="nowhere.invalid"), "nowhere.invalid:1883")


def test_failure_34_tls_to_a_server_that_does_not_speak_it(world: World) -> None:
    plain = world.mosquitto("plain")
    expect_last_error(
        world, endpoint("cloud", plain.port, host="localhost", tls=True), f"localhost:{plain.port}", "TLS"
    )


def test_failure_34_plain_to_a_server_that_speaks_tls_only(world: World) -> None:
    authority = world.authority("ca")
    server = authority.server("localhost")
    broker = world.mosquitto("tls", tls=server.for_broker())
    expect_last_error(world, endpoint("cloud", broker.tls_port, host="localhost"), "")


def test_failure_34_ca_unknown(world: World) -> None:
    server = world.authority("ca").server("localhost")
    broker = world.mosquitto("tls", tls=server.for_broker())
    other = world.authority("other")
    expect_last_error(
        world,
        endpoint("cloud", broker.tls_port, host="localhost", ca="trusted"),
        "the server's certificate is signed by an unknown CA",
        extra=(config_map("trusted", {"ca.crt": other.certificate_pem}),),
    )


def test_failure_34_wrong_name_in_the_certificate(world: World) -> None:
    authority = world.authority("ca")
    broker = world.mosquitto("tls", tls=authority.server("elsewhere.example").for_broker())
    expect_last_error(
        world,
        endpoint("cloud", broker.tls_port, host="localhost", ca="trusted"),
        "the server's certificate is not for localhost",
        extra=(config_map("trusted", {"ca.crt": authority.certificate_pem}),),
    )


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("200 OK"),
        http_answer("302 Found", "Location: http://elsewhere.invalid/"),
        http_answer("404 Not Found"),
        http_answer("426 Upgrade Required"),
    ],
    ids=["200", "302", "404", "426"],
)
def test_failure_34_websocket_upgrade_refused(world: World, answer: bytes) -> None:
    peer = world.scripted(Script(raw_answer=answer))
    expect_last_error(
        world, endpoint("cloud", peer.port, protocol="WebSockets"), f"127.0.0.1:{peer.port}", answer[9:12].decode()
    )


def test_a_ca_that_is_mended_makes_the_flow_go_at_once(world: World) -> None:
    authority, other = world.authority("ca"), world.authority("other")
    source = world.mosquitto("source")
    destination = world.mosquitto("destination", tls=authority.server("localhost").for_broker())
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.tls_port, host="localhost", ca="trusted"),
        config_map("trusted", {"ca.crt": other.certificate_pem}),
        dataflow("bridge"),
    )
    engine.launch()
    engine.wait_for(lambda: engine.flow("bridge").get("health") == "Unavailable", "the flow to say so")
    write(engine.manifests, config_map("trusted", {"ca.crt": authority.certificate_pem}))
    engine.wait_connected("bridge")
