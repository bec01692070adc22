"""What the resource store has changes while messages flow: it reaches the running flow at once, and nothing is lost."""

import json
import os
import time
from base64 import b64encode
from pathlib import Path

import pytest
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import Declared, config_map, dataflow, endpoint, remove
from tests.integration.harness.mosquitto import Mosquitto, wait_for_line
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.world import World, assert_kept
from tests.integration.test_changes import connects_of, last_reload

from tidegate.auth.secrets_key import SecretsKey
from tidegate.engine.store_feed import resources_path
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.resource_store import ResourceStore
from tidegate.store.stored import Author

pytestmark = pytest.mark.integration

TOPICS = ["plant/a", "plant/b"]


def bridging(world: World, source: Mosquitto, destination: Mosquitto, *more: Declared) -> Engine:
    """Run an engine that was given no file, with the flow `bridge` out of the store."""
    engine = world.engine(reads_files=False)
    engine.apply(*world.bridge_resources(source.port, destination.port), *more)
    engine.start("bridge")
    return engine


def test_a_change_by_every_command_reaches_the_flow_under_load_and_no_other(world: World, tmp_path: Path) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    untouched = [endpoint("other", destination.port), dataflow("untouched", filters=["other/#"], destination="other")]
    engine = bridging(world, source, destination, *untouched)
    engine.wait_connected("bridge", "untouched")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    other = world.subscriber(destination.port, ["other/#"], client_id="other-subscriber")
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    beside = world.publisher(source.port, ["other/x"], rate=200, client_id="beside")
    template = tmp_path / "main.bicep"

    def by_manifest(keep_alive_seconds: int) -> None:
        done = engine.apply(endpoint("cloud", destination.port, keepAliveSeconds=keep_alive_seconds))
        assert done.stdout == "DataflowEndpoint/cloud updated\n" and done.stderr == ""

    def by_flags(keep_alive_seconds: int) -> None:
        update = (
            "iot",
            "ops",
            "dataflow",
            "endpoint",
            "update",
            "custom-mqtt",
            "-g",
            "g",
            "-i",
            "i",
            "--name",
            "cloud",
        )
        engine.tidegate(*update, "--keep-alive", str(keep_alive_seconds))

    def by_bicep(keep_alive_seconds: int) -> None:
        written = engine.tidegate("export", "endpoint", "cloud", "--as", "bicep").stdout
        assert "keepAliveSeconds: 31" in written
        template.write_text(written.replace("keepAliveSeconds: 31", f"keepAliveSeconds: {keep_alive_seconds}"))
        names = ("aioInstanceName=i", "customLocationName=l")
        engine.tidegate("deployment", "group", "create", "-g", "g", "-f", str(template), "--parameters", *names)

    for keep_alive_seconds, change in ((30, by_manifest), (31, by_flags), (32, by_bicep)):
        grow(subscriber.seen_count, 200, "messages passed")
        before = last_reload(engine)
        change(keep_alive_seconds)
        # The command ends when the engine has taken it up.
        assert last_reload(engine)["applied"] and last_reload(engine)["at"] != before["at"]
        since = time.monotonic()
        wait_for_line(destination, f"as tidegate-bridge-0-destination .*k{keep_alive_seconds}")
        print(f"connected anew {time.monotonic() - since:.3f} s after {change.__name__}")
    publisher.finish()
    beside.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    assert_kept(beside, other, duplicates_max=0)
    assert connects_of(source.log(), "tidegate-untouched-0-source") == 1
    assert connects_of(destination.log(), "tidegate-untouched-0-destination") == 1
    engine.check_accounting()


def test_a_change_of_which_nobody_tells_the_engine_is_seen_all_the_same(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = bridging(world, source, destination)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    key = SecretsKey(engine.data_dir.parent / "config" / "tidegate" / "secrets.key", engine.data_dir)
    store, _ = ResourceStore.open(resources_path(engine.data_dir), key, now_wall=time.time())
    grow(subscriber.seen_count, 200, "messages passed")
    found = store.get(ResourceKey("DataflowEndpoint", "cloud"))
    assert found is not None
    changed = json.loads(json.dumps(found.document).replace('"host"', '"keepAliveSeconds": 31, "host"'))
    with store.transaction(Author("somebody", "another program"), time.time()) as transaction:
        transaction.put(changed)
    since = time.monotonic()
    wait_for_line(destination, "as tidegate-bridge-0-destination .*k31")
    print(f"connected anew {time.monotonic() - since:.3f} s after the commit")
    grow(subscriber.seen_count, 200, "messages passed after the change")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0)
    store.close()


def test_a_flow_comes_goes_and_comes_back(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = bridging(world, source, destination)
    subscriber = world.subscriber(destination.port, ["plant/#"])
    engine.tidegate("delete", "dataflow", "bridge")
    engine.wait_for(lambda: not engine.copies("bridge"), "the flow to end")
    engine.tidegate("rollback", "dataflow", "bridge")
    engine.wait_connected("bridge")
    world.publisher(source.port, TOPICS, total=20).finish()
    until(lambda: subscriber.seen_count() == 20, "messages of the flow that came back")
    engine.wait_settled("bridge")
    refused = engine.tidegate("delete", "endpoint", "cloud", code=1)
    assert "which is not declared" in refused.stderr
    assert engine.copies("bridge")


def test_a_file_hides_what_is_stored_and_commands_say_which_file(world: World) -> None:
    source, destination = world.mosquitto("source"), world.mosquitto("destination")
    engine = world.engine(dataflow("bridge"), endpoint("default", source.port))
    engine.apply(endpoint("cloud", destination.port), dataflow("bridge", filters=["none/#"]), endpoint("default", 1))
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    world.publisher(source.port, TOPICS, total=20).finish()
    until(lambda: subscriber.seen_count() == 20, "messages of the flow that the file declares")
    assert "the store has a resource of this name too" in engine.log()
    refused = engine.tidegate("apply", "-f", "-", text=json.dumps(dataflow("bridge")), code=1)
    assert f"is given to the engine by a file, {engine.manifests}{os.sep}" in refused.stderr
    # Without the file, what is stored counts again.
    remove(engine.manifests, dataflow("bridge"))
    elsewhere = world.subscriber(destination.port, ["none/#"], client_id="none-subscriber")
    endless = world.publisher(source.port, ["none/a"], rate=50, client_id="none")
    grow(elsewhere.seen_count, 1, "messages of the stored flow")
    endless.finish()


def test_promise_05_a_stored_secret_is_used_rotated_under_load_and_lies_in_no_file(world: World) -> None:
    authority = world.authority("ca")
    server, first, second = authority.server("localhost"), authority.client(), authority.client()
    source, destination = (
        world.mosquitto("source"),
        world.mosquitto("destination", tls=server.for_broker(clients=authority)),
    )
    engine = world.engine(reads_files=False)
    files = world.directory / "pems"
    files.mkdir()
    create = ["create", "secret", "generic", "client", "--replace"]
    for name, content in (("cert", first.certificate_pem), ("key", first.key_pem)):
        (files / f"{name}.pem").write_text(content)
        create += ["--from-file", f"client_{name}.pem={files / name}.pem"]
    engine.tidegate(*create)
    engine.apply(
        config_map("trusted", {"ca.crt": authority.certificate_pem}),
        endpoint("default", source.port),
        endpoint("cloud", destination.tls_port, host="localhost", ca="trusted", client_secret="client"),
        dataflow("bridge"),
    )
    engine.start("bridge")
    subscriber = world.subscriber(destination.port, ["plant/#"])
    publisher = world.publisher(source.port, TOPICS, rate=1000)
    grow(subscriber.seen_count, 200, "messages passed")
    before = connects_of(destination.log(), "tidegate-bridge-0-destination")
    (files / "cert.pem").write_text(second.certificate_pem)
    (files / "key.pem").write_text(second.key_pem)
    engine.tidegate(*create)
    until(lambda: connects_of(destination.log(), "tidegate-bridge-0-destination") > before, "a new connection")
    grow(subscriber.seen_count, 200, "messages passed with the new certificate")
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=100)
    lying = b"".join(path.read_bytes() for path in engine.data_dir.rglob("*") if path.is_file())
    for issued in (first, second):
        canary = issued.key_pem.splitlines()[1]
        assert canary.encode() not in lying and b64encode(issued.key_pem.encode()) not in lying
        assert canary not in engine.log()
