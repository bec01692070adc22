"""Failure mode 23: certificates, keys and CAs replaced while messages flow and while a side is down."""

import pytest
from tests.integration.harness.authority import Authority, Issued
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import config_map, dataflow, endpoint, secret, write
from tests.integration.harness.mosquitto import Mosquitto
from tests.integration.harness.waiting import grow, reach
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]
WINDOW = 100


def client_secret(issued: Issued) -> dict[str, str]:
    """The keys of an X.509 secret."""
    return {"client_cert.pem": issued.certificate_pem, "client_key.pem": issued.key_pem}


def tls_bridge(world: World, authority: Authority, server: Issued) -> tuple[Mosquitto, Mosquitto, Engine]:
    """A flow to a TLS destination that requires a client certificate of the same authority; not started."""
    source = world.mosquitto("source")
    tls = server.for_broker(clients=authority)
    destination = world.mosquitto("destination", tls=tls)
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.tls_port, host="localhost", ca="trusted", client_secret="engine"),
        config_map("trusted", {"ca.crt": authority.certificate_pem}),
        secret("engine", client_secret(authority.client())),
        dataflow("bridge"),
    )
    return source, destination, engine


def connects(destination: Mosquitto) -> int:
    """Count the engine's connections in the destination's log."""
    return destination.log().count(" as tidegate-bridge-0-destination ")


def test_failure_23_server_certificate_replaced_by_the_same_ca_under_load(world: World) -> None:
    authority = world.authority("ca")
    server = authority.server("localhost")
    source, destination, engine = tls_bridge(world, authority, server)
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    grow(subscriber.seen_count, 200, "messages passed")
    server.replace(authority.server("localhost"))
    destination.restart()
    grow(subscriber.seen_count, 200, "messages passed with the new certificate")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=WINDOW)


def test_failure_23_ca_replaced_under_load_through_the_config_map(world: World) -> None:
    old, new = world.authority("old"), world.authority("new")
    server = old.server("localhost")
    source, destination, engine = tls_bridge(world, old, server)
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    grow(subscriber.seen_count, 200, "messages passed")

    write(engine.manifests, config_map("trusted", {"old.crt": old.certificate_pem, "new.crt": new.certificate_pem}))
    engine.wait_for(lambda: connects(destination) == 2, "the connection to be re-made with both authorities")
    server.replace(new.server("localhost"))
    destination.restart()
    grow(subscriber.seen_count, 200, "messages passed with the new authority")
    write(engine.manifests, config_map("trusted", {"new.crt": new.certificate_pem}))
    engine.wait_for(lambda: connects(destination) == 4, "the connection to be re-made with the new one alone")
    grow(subscriber.seen_count, 200, "messages passed with the new one alone")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=3 * WINDOW)


def test_failure_23_ca_removed_from_the_bundle_is_no_longer_trusted(world: World) -> None:
    old, new = world.authority("old"), world.authority("new")
    _, _, engine = tls_bridge(world, old, old.server("localhost"))
    engine.start("bridge")
    write(engine.manifests, config_map("trusted", {"new.crt": new.certificate_pem}))
    engine.wait_for(lambda: "unknown CA" in (engine.flow("bridge")["destination"]["last_error"] or ""), "trust to end")
    engine.wait_for(lambda: engine.flow("bridge")["health"] == "Unavailable", "that to be the flow's state")


def test_failure_23_client_certificate_rotated_under_load(world: World) -> None:
    authority = world.authority("ca")
    source, destination, engine = tls_bridge(world, authority, authority.server("localhost"))
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    for life in (2, 3):
        grow(subscriber.seen_count, 200, "messages passed")
        write(engine.manifests, secret("engine", client_secret(authority.client())))
        reach(lambda: connects(destination), life, "connections with a new certificate each")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=2 * WINDOW)


def test_failure_23_half_written_secret_is_reported_and_mended_later(world: World) -> None:
    authority = world.authority("ca")
    first, second = authority.client(), authority.client()
    source, destination, engine = tls_bridge(world, authority, authority.server("localhost"))
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=500)
    half = {"client_cert.pem": second.certificate_pem, "client_key.pem": first.key_pem}
    write(engine.manifests, secret("engine", half))
    engine.wait_for(
        lambda: "client_key.pem does not belong to client_cert.pem" in engine.log(),
        "the half-written secret to be reported",
    )
    write(engine.manifests, secret("engine", client_secret(second)))
    engine.wait_connected("bridge")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=2 * WINDOW)
    assert first.key_pem.splitlines()[1] not in engine.log()


def test_failure_23_secrets_mounted_as_a_directory_are_picked_up(world: World) -> None:
    authority = world.authority("ca")
    server = authority.server("localhost")
    source = world.mosquitto("source")
    tls = server.for_broker(clients=authority)
    destination = world.mosquitto("destination", tls=tls)
    secrets, config_maps = world.directory / "secrets", world.directory / "configmaps"
    world.mount(config_maps / "trusted", {"ca.crt": authority.certificate_pem})
    world.mount(secrets / "engine", client_secret(authority.client()))
    engine = world.engine(
        endpoint("default", source.port),
        endpoint("cloud", destination.tls_port, host="localhost", ca="trusted", client_secret="engine"),
        dataflow("bridge"),
        options=["--secrets-dir", str(secrets), "--configmaps-dir", str(config_maps)],
    )
    engine.start("bridge")
    world.mount(secrets / "engine", client_secret(authority.client()))
    engine.wait_for(lambda: connects(destination) == 2, "the mounted secret to be picked up")
    engine.wait_connected("bridge")
