"""Every authentication method, each with a broker that checks the credential for real.

Managed identities get their tokens through the real azure-identity from `tidegate emulate identity`, and present them to
`tidegate emulate eventgrid`, which verifies them.
"""

from typing import cast

import pytest
from tests.integration.harness.emulation import EventGrid, IdentityEndpoints
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import (
    Declared,
    Value,
    authentication,
    config_map,
    dataflow,
    endpoint,
    listener,
    secret,
    write,
)
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, reach, until
from tests.integration.harness.world import World, assert_kept

pytestmark = pytest.mark.integration

CLIENT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
TENANT = "00000000-0000-4000-8000-000000000001"
AUDIENCE = "https://eventgrid.azure.net"
TOPICS = ["plant/a", "plant/b"]
RATE = 80
COUNT = 40
LIFE_SECONDS = 3

SYSTEM: dict[str, Value] = {
    "method": "SystemAssignedManagedIdentity",
    "systemAssignedManagedIdentitySettings": {"audience": AUDIENCE},
}
USER: dict[str, Value] = {
    "method": "UserAssignedManagedIdentity",
    "userAssignedManagedIdentitySettings": {
        "clientId": CLIENT,
        "tenantId": TENANT,
        "scope": f"{AUDIENCE}/.default",
    },
}


def there_and_back(world: World, engine: Engine, open_port: int, *, until_renewed: int = 0) -> None:
    """Let messages go to the broker by one flow and come back by another, so that it is source and destination."""
    write(
        engine.manifests,
        dataflow("there", destination="cloud", topic="grid/${inputTopic}"),
        dataflow("back", source="cloud", filters=["grid/#"], destination="default", topic="back/${inputTopic}"),
    )
    engine.start("there", "back")
    subscriber = world.subscriber(open_port, ["back/#"])
    publisher = world.publisher(open_port, TOPICS, rate=RATE)
    grow(subscriber.seen_count, COUNT, "messages there and back")
    sides = [("there", "destination"), ("back", "source")]
    until(lambda: min(engine.flow(name)[side]["renewals"] for name, side in sides) >= until_renewed, "renewals")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0, prefix="back/grid/")
    engine.check_accounting()


def open_embedded(world: World, *resources: Declared, options: tuple[str, ...] = ()) -> tuple[Engine, int]:
    """An engine with an embedded broker whose port asks for nothing."""
    port = free_port()
    local = endpoint("default", port, host="aio-broker")
    return world.engine(listener({"port": port}), local, *resources, options=options), port


def grid(world: World, *options: str) -> EventGrid:
    emulated = EventGrid(world.directory / "emulation", options)
    world.stack.callback(emulated.close)
    emulated.start()
    return emulated


def identities(world: World, *options: str) -> IdentityEndpoints:
    emulated = IdentityEndpoints(world.directory / "emulation", options)
    world.stack.callback(emulated.close)
    emulated.start()
    return emulated


@pytest.mark.parametrize(
    ("method", "found_by"),
    [
        (SYSTEM, "instance metadata"),
        (SYSTEM, "App Service"),
        (USER, "instance metadata"),
        (USER, "App Service"),
        (USER, "workload identity"),
    ],
    ids=["system-metadata", "system-app-service", "user-metadata", "user-app-service", "user-workload"],
)
def test_promise_06_managed_identities_at_event_grid(world: World, method: dict[str, Value], found_by: str) -> None:
    endpoints = identities(world, "--client-id", CLIENT)
    namespace = grid(world)
    cloud = endpoint("cloud", namespace.port, host="localhost", ca="trusted", authentication=method, retain="Never")
    trusted = config_map("trusted", {"ca.crt": namespace.ca_pem})
    engine, port = open_embedded(world, cloud, trusted, options=("--log-level", "debug"))
    engine.environment.update(endpoints.variables(found_by))
    there_and_back(world, engine, port)
    expires = engine.flow("there")["destination"]["credential_expires"]
    assert expires is not None
    shown = [engine.log(), str(engine.status()), engine.get("/metrics")[1], endpoints.log(), namespace.log()]
    assert "eyJ" not in "".join(shown), "a token was shown"


def test_failure_24_tokens_of_an_identity_are_renewed_by_auth_while_messages_flow(world: World) -> None:
    endpoints = identities(world, "--life", f"{LIFE_SECONDS}s")
    namespace = grid(world)
    cloud = endpoint("cloud", namespace.port, host="localhost", ca="trusted", authentication=SYSTEM, retain="Never")
    engine, port = open_embedded(world, cloud, config_map("trusted", {"ca.crt": namespace.ca_pem}))
    engine.environment.update(endpoints.variables("instance metadata"))
    there_and_back(world, engine, port, until_renewed=2)
    for name, side in (("there", "destination"), ("back", "source")):
        assert engine.flow(name)[side]["reconnects"] == {}


def test_a_flow_that_sends_more_than_event_grid_takes_says_so_and_loses_nothing(world: World) -> None:
    count = 100
    endpoints = identities(world)
    namespace = grid(world, "--message-rate", "40")
    cloud = endpoint("cloud", namespace.port, host="localhost", ca="trusted", authentication=SYSTEM, retain="Never")
    cloud = {**cloud, "spec": {**cast(Declared, cloud["spec"]), "hostType": "EventGrid"}}
    engine, port = open_embedded(world, cloud, config_map("trusted", {"ca.crt": namespace.ca_pem}))
    engine.environment.update(endpoints.variables("instance metadata"))
    write(engine.manifests, dataflow("there", destination="cloud", topic="grid/${inputTopic}"))
    engine.start("there")
    publisher = world.publisher(port, TOPICS, rate=400, total=count)
    until(lambda: "about 100 messages a second of a session" in engine.log(), "a word of it")
    publisher.finish()
    reach(lambda: engine.flow("there")["counters"]["delivered"], count, "messages at Event Grid", seconds=60)
    engine.check_accounting()


def test_a_managed_identity_at_event_grid_over_websockets(world: World) -> None:
    endpoints = identities(world)
    namespace = grid(world)
    cloud = endpoint(
        "cloud",
        namespace.websocket_port,
        host="localhost",
        path="/mqtt",
        protocol="WebSockets",
        ca="trusted",
        authentication=SYSTEM,
        retain="Never",
    )
    engine, port = open_embedded(world, cloud, config_map("trusted", {"ca.crt": namespace.ca_pem}))
    engine.environment.update(endpoints.variables("instance metadata"))
    there_and_back(world, engine, port)


def test_x509_at_event_grid(world: World) -> None:
    authority = world.authority("clients")
    namespace = grid(world, "--client-ca", str(authority.certificate_path), "--client", "client")
    issued = authority.client()
    cloud = endpoint("cloud", namespace.port, host="localhost", ca="trusted", client_secret="site", retain="Never")
    engine, port = open_embedded(
        world,
        cloud,
        config_map("trusted", {"ca.crt": namespace.ca_pem}),
        secret("site", {"client_cert.pem": issued.certificate_pem, "client_key.pem": issued.key_pem}),
    )
    there_and_back(world, engine, port)


def test_x509_and_service_account_tokens_at_the_embedded_broker(world: World) -> None:
    authority = world.authority("clients")
    issued = authority.client()
    open_port, certificate_port, token_port = free_port(), free_port(), free_port()
    tls: dict[str, Value] = {"mode": "Automatic"}
    certificates: Declared = {"port": certificate_port, "tls": tls, "authenticationRef": "certificates"}
    tokens: Declared = {"port": token_port, "tls": tls, "authenticationRef": "default"}
    ca = "azure-iot-operations-aio-ca-trust-bundle"
    engine = world.engine(
        listener({"port": open_port}, certificates, tokens),
        authentication("certificates", {"method": "X509", "x509Settings": {"trustedClientCaCert": "clients"}}),
        config_map("clients", {"ca.pem": authority.certificate_pem}),
        secret("site", {"client_cert.pem": issued.certificate_pem, "client_key.pem": issued.key_pem}),
        endpoint("default", token_port, host="aio-broker", ca=ca, audience="aio-internal"),
        endpoint("cloud", certificate_port, host="aio-broker", ca=ca, client_secret="site"),
    )
    there_and_back(world, engine, open_port)


@pytest.mark.parametrize("is_certified", [True, False], ids=["x509", "anonymous"])
def test_mosquitto(world: World, is_certified: bool) -> None:
    authority = world.authority("ca")
    issued = authority.client()
    tls = authority.server("localhost").for_broker(clients=authority if is_certified else None)
    broker = world.mosquitto("far", tls=tls)
    cloud = endpoint(
        "cloud", broker.tls_port, host="localhost", ca="trusted", client_secret="site" if is_certified else None
    )
    engine, port = open_embedded(
        world,
        cloud,
        config_map("trusted", {"ca.crt": authority.certificate_pem}),
        secret("site", {"client_cert.pem": issued.certificate_pem, "client_key.pem": issued.key_pem}),
    )
    there_and_back(world, engine, port)
