"""The ports of the embedded broker from outside: workers over TLS, ports that are taken, rights of our own data flows."""

import socket
from collections.abc import Mapping

import pytest
from tests.integration.harness.engine import Status
from tests.integration.harness.manifests import (
    Declared,
    Value,
    authorization,
    dataflow,
    endpoint,
    listener,
    profile,
    write,
)
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World, assert_kept, wait_delivered

pytestmark = pytest.mark.integration

AUDIENCE = "aio-internal"
BUNDLE = "azure-iot-operations-aio-ca-trust-bundle"
FLOWS = "system:serviceaccount:azure-iot-operations:aio-dataflow"


def secure(port: int, **more: str) -> Mapping[str, Value]:
    return {"port": port, "authenticationRef": "default", "tls": {"mode": "Automatic"}, **more}


def local(port: int, host: str = "aio-broker") -> Declared:
    return endpoint("local", port, host=host, ca=BUNDLE, audience=AUDIENCE)


def broker_of(status: Status | None) -> Status:
    assert status is not None
    found: Status = status["broker"]
    return found


def test_workers_reach_the_broker_by_tls_and_token_by_whatever_name_their_endpoint_has(world: World) -> None:
    tls, plain = free_port(), free_port()
    engine = world.engine(
        listener(secure(tls), {"port": plain}),
        local(tls, host="aio-broker.site-7.svc.cluster.local"),
        profile("two", 2),
        dataflow("flow", source="local", filters=["in/#"], destination="local", topic="out", profile_ref="two"),
    )
    engine.launch()
    engine.wait_connected("flow", copies=2)
    subscriber = world.subscriber(plain, ["out"], numbered=False)
    publisher = world.publisher(plain, ["in/a"], total=200)
    publisher.finish()
    until(lambda: len(subscriber.arrivals) >= 200, "all messages")
    engine.wait_settled("flow")
    shown = broker_of(engine.status())
    assert shown["clients_connected"] >= 5, "two sides of two workers, and the subscriber"
    assert shown["received"] >= 400 and shown["dropped"] == {}
    metrics = engine.get("/metrics")[1]
    assert f"aio_broker_connected_sessions {float(shown['clients_connected'])}" in metrics


def test_a_port_that_is_taken_is_reported_and_tried_again_while_the_flows_of_others_run(world: World) -> None:
    tls, plain = free_port(), free_port()
    taken = socket.create_server(("127.0.0.1", 0))
    with taken:
        port = taken.getsockname()[1]
        engine = world.engine(
            listener(secure(tls), {"port": plain}, {"port": port}),
            local(tls),
            dataflow("flow", source="local", filters=["in/#"], destination="local", topic="out/${inputTopic}"),
        )
        engine.start("flow")
        status = engine.status()
        assert status is not None and any(f":{port}" in problem for problem in status["problems"])
        assert {each["port"]: each["listening"] for each in broker_of(status)["ports"]} == {
            tls: True,
            plain: True,
            port: False,
        }
        subscriber = world.subscriber(plain, ["out/#"])
        publisher = world.publisher(plain, ["in/a"], total=100)
        publisher.finish()
        wait_delivered(publisher, subscriber, prefix="out/")
        assert_kept(publisher, subscriber, duplicates_max=0, prefix="out/")
    engine.wait_for(lambda: all(each["listening"] for each in broker_of(engine.status())["ports"]), "the port to open")
    assert broker_of(engine.status())["clients_connected"] >= 3, "nobody was dropped for it"
    world.subscriber(port, ["x"], client_id="late", numbered=False)


def test_the_link_in_memory_has_the_rights_of_its_port_and_no_more(world: World) -> None:
    tls, plain = free_port(), free_port()
    may_read: list[Mapping[str, Value]] = [{"method": "Connect"}, {"method": "Subscribe", "topics": ["in/#"]}]
    engine = world.engine(
        listener(secure(tls, authorizationRef="flows"), {"port": plain}),
        authorization("flows", FLOWS, *may_read),
        local(tls),
        dataflow("flow", source="local", filters=["in/#"], destination="local", topic="out/${inputTopic}"),
    )
    engine.start("flow")
    subscriber = world.subscriber(plain, ["out/#"])
    publisher = world.publisher(plain, ["in/a"], total=20)
    publisher.finish()
    engine.wait_for(lambda: engine.flow("flow")["counters"]["received"] == 20, "the messages to be read")
    engine.wait_for(lambda: engine.flow("flow")["health"] != "Available", "the refusals to show")
    assert not subscriber.seen
    write(engine.manifests, authorization("flows", FLOWS, *may_read, {"method": "Publish", "topics": ["out/#"]}))
    wait_delivered(publisher, subscriber, prefix="out/")
