"""Failure mode 24: tokens of short lives, renewed while messages flow, with brokers that check them for real.

With `TIDEGATE_TOKEN_SECONDS=60` the load goes on for a whole minute in each test; without it for less.
"""

import os
import time
from pathlib import Path

import mqtt5
import pytest
from tests.integration.harness.clients import Publisher, Subscriber
from tests.integration.harness.engine import COMMAND, Engine, Status
from tests.integration.harness.manifests import Declared, dataflow, endpoint, listener, profile, write
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.wire import PacketReader
from tests.integration.harness.world import World, assert_kept

from tidegate.auth.token_issuer import TokenIssuer

pytestmark = pytest.mark.integration

LOAD_SECONDS = float(os.environ.get("TIDEGATE_TOKEN_SECONDS", "8"))
LIFE_SECONDS = 3
RATE = 2000
WINDOW = 100
TOPICS = [f"plant/line{number}" for number in range(4)]
AUDIENCE = "aio-internal"


class Scene:
    """An engine with an embedded broker: a port that asks for tokens, with TLS or without, and an open one."""

    def __init__(self, world: World, *options: str, tls: bool = False, name: str = "engine") -> None:
        self.world = world
        self.secure, self.open = free_port(), free_port()
        secure: Declared = {"port": self.secure, "authenticationRef": "default"}
        if tls:
            secure["tls"] = {"mode": "Automatic"}
        self.engine = world.engine(listener(secure, {"port": self.open}), name=name, options=options)

    def run(self, *resources: Declared) -> None:
        write(self.engine.manifests, *resources)
        self.engine.start("bridge")

    def load(self, *, prefix: str = "out/", seconds: float = LOAD_SECONDS) -> tuple[Publisher, Subscriber]:
        """Let messages flow for a time, in which the lives of several tokens go by; whoever called stops publishing."""
        subscriber = self.world.subscriber(self.open, [f"{prefix}plant/#"])
        publisher = self.world.publisher(self.open, TOPICS, rate=RATE)
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() >= end, "the time of the load", seconds=seconds * 2)
        # A machine that does other things too sends less; at half of it, it is a load.
        at_least = int(RATE * seconds * 0.5)
        until(lambda: publisher.acknowledged_count >= at_least, "messages", seconds=seconds * 6)
        return publisher, subscriber


def renewals(engine: Engine) -> list[int]:
    """Return how often each side of each copy of the flow has renewed its token."""
    return [copy[side]["renewals"] for copy in engine.copies("bridge") for side in ("source", "destination")]


def reconnects(flow: Status) -> dict[str, int]:
    return {**flow["source"]["reconnects"], **flow["destination"]["reconnects"]}


def assert_renewed_without_reconnect(scene: Scene, publisher: Publisher, subscriber: Subscriber) -> None:
    engine = scene.engine
    until(lambda: min(renewals(engine)) >= LOAD_SECONDS / LIFE_SECONDS, "renewals", found=lambda: renewals(engine))
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0, prefix="out/")
    for copy in engine.copies("bridge"):
        assert reconnects(copy) == {}
        assert copy["source"]["credential_expires"] is not None
    engine.check_accounting()


def test_failure_24_our_own_tokens_are_renewed_under_load(world: World) -> None:
    scene = Scene(world, "--own-token-seconds", str(LIFE_SECONDS))
    scene.run(
        endpoint("default", scene.secure, host="aio-broker", audience=AUDIENCE),
        dataflow("bridge", destination="default", topic="out/${inputTopic}"),
    )
    publisher, subscriber = scene.load()
    assert_renewed_without_reconnect(scene, publisher, subscriber)


def test_failure_24_workers_are_handed_new_tokens_over_tls(world: World) -> None:
    scene = Scene(world, "--own-token-seconds", str(LIFE_SECONDS), tls=True)
    ca = "azure-iot-operations-aio-ca-trust-bundle"
    scene.run(
        endpoint("default", scene.secure, host="aio-broker", audience=AUDIENCE, ca=ca),
        dataflow("bridge", destination="default", topic="out/${inputTopic}"),
        profile("default", 2),
    )
    publisher, subscriber = scene.load()
    assert len(scene.engine.copies("bridge")) == 2
    until(lambda: min(renewals(scene.engine)) >= LOAD_SECONDS / LIFE_SECONDS, "renewals")
    publisher.finish()
    # Two instances share the messages of a topic, so their order is not kept.
    until(lambda: subscriber.seen_count() >= publisher.acknowledged_count, "all to arrive")
    assert all(reconnects(copy) == {} for copy in scene.engine.copies("bridge"))


def mint_command(data_dir: Path) -> str:
    """Return a `--token-command` that is `tidegate token create`."""
    words = [
        *COMMAND,
        "token",
        "create",
        "--audience",
        AUDIENCE,
        "--ttl",
        f"{LIFE_SECONDS}s",
        "--data-dir",
        str(data_dir),
    ]
    return f"{AUDIENCE}=" + " ".join(f"'{word}'" for word in words)


def test_failure_24_tokens_of_a_command_are_renewed_at_another_broker_under_load(world: World) -> None:
    far = Scene(world, name="far")
    far.engine.launch()
    until(lambda: far.engine.status() is not None, "the far broker to be up")
    scene = Scene(world, "--no-broker", "--allow-remote-only", "--token-command", mint_command(far.engine.data_dir))
    scene.open = far.open
    scene.run(
        endpoint("default", far.secure, audience=AUDIENCE),
        dataflow("bridge", destination="default", topic="out/${inputTopic}"),
    )
    publisher, subscriber = scene.load()
    assert_renewed_without_reconnect(scene, publisher, subscriber)


class Refuser:
    """Answers AUTH with DISCONNECT 0x87, or closes without a word."""

    def __init__(self, *, says_why: bool) -> None:
        self.says_why = says_why
        self.readers: dict[int, PacketReader] = {}
        self.refused = 0

    def __call__(self, connection: int, data: bytes) -> bytes | None:
        reader = self.readers.setdefault(connection, PacketReader())
        if not any(isinstance(packet, mqtt5.AuthPacket) for packet in reader.feed(data)):
            return None
        self.refused += 1
        refusal = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.NOT_AUTHORIZED).write()
        return refusal if self.says_why else b""


@pytest.mark.parametrize("says_why", [True, False], ids=["with a reason", "without a word"])
def test_failure_24_a_broker_that_refuses_re_authentication_is_reconnected_to_under_load(
    world: World, says_why: bool
) -> None:
    far = Scene(world, name="far")
    far.engine.launch()
    until(lambda: far.engine.status() is not None, "the far broker to be up")
    proxy = world.proxy(far.secure)
    refuser = proxy.intercept = Refuser(says_why=says_why)
    scene = Scene(world, "--no-broker", "--allow-remote-only", "--token-command", mint_command(far.engine.data_dir))
    scene.open = far.open
    scene.run(
        endpoint("default", proxy.port, audience=AUDIENCE),
        dataflow("bridge", destination="default", topic="out/${inputTopic}"),
    )
    publisher, subscriber = scene.load()
    until(lambda: refuser.refused >= 2 * LOAD_SECONDS / LIFE_SECONDS, "refusals", found=lambda: refuser.refused)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=WINDOW * (refuser.refused + 1), prefix="out/")
    flow = scene.engine.flow("bridge")
    assert renewals(scene.engine) == [0, 0]
    assert set(reconnects(flow)) == {"not_authorized" if says_why else "connection_lost"}
    scene.engine.wait_connected("bridge")
    scene.engine.check_accounting()


def test_failure_24_a_token_file_is_rotated_emptied_and_gone(world: World) -> None:
    far = Scene(world, name="far")
    far.engine.launch()
    until(lambda: far.engine.status() is not None, "the far broker to be up")
    issuer = TokenIssuer.open(far.engine.data_dir)
    folder = world.directory / "volume"

    def rotate(token: str) -> None:
        world.mount(folder, {"token": token})

    def fresh(life: float = 3600.0) -> str:
        return issuer.issue(AUDIENCE, "flow", life, time.time())

    rotate(fresh())
    scene = Scene(world, "--no-broker", "--allow-remote-only", "--token-file", f"{AUDIENCE}={folder / 'token'}")
    scene.open = far.open
    scene.run(
        endpoint("default", far.secure, audience=AUDIENCE),
        dataflow("bridge", destination="default", topic="out/${inputTopic}"),
    )
    engine = scene.engine
    rotate(fresh())
    until(lambda: renewals(engine) == [1, 1], "the rotated token to be accepted")
    rotate("")
    until(lambda: engine.flow("bridge")["health"] == "Degraded", "the empty file to be reported")
    assert "it is empty" in engine.flow("bridge")["message"]
    (folder / "token").unlink()
    publisher, subscriber = scene.load(seconds=1)
    publisher.finish()
    assert_kept(publisher, subscriber, duplicates_max=0, prefix="out/")
    assert reconnects(engine.flow("bridge")) == {}
    (folder / "token").symlink_to("..data/token")
    rotate(fresh())
    until(lambda: min(renewals(engine)) >= 2, "the token that came back to be accepted")
    until(lambda: engine.flow("bridge")["health"] == "Available", "the flow to be well again")
