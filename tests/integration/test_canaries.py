"""Promises 5 and 6 of a whole run at level debug: who looks for the secrets that were planted finds them in no output."""

import json
import shlex
import socket
import stat
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import mqtt5
import pytest
from tests.integration.harness.engine import COMMAND, Engine
from tests.integration.harness.manifests import (
    Declared,
    authentication,
    config_map,
    dataflow,
    endpoint,
    listener,
    secret,
    write,
)
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import grow, until
from tests.integration.harness.wire import PacketReader
from tests.integration.harness.world import World
from tests.tokens import unsigned_token

pytestmark = pytest.mark.integration

PASSWORD = "canary-password-of-a-user"
WRONG_PASSWORD = "canary-password-that-is-wrong"
PAYLOAD = "canary-payload"
FOREIGN_TOKEN = unsigned_token(canary="claim").decode()
ENDPOINT_TOKEN = unsigned_token("foreign", canary="of an endpoint").decode()
BROKEN_KEY = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5LWtleS10aGF0LWlzLW5vbmU\n-----END PRIVATE KEY-----\n"
SECRETS_OUT_OF_FORM = (
    f"data: {{key: '{PASSWORD}'}}",
    f"data: {{key: {PASSWORD}, key: {PASSWORD}}}",
    f"data: {PASSWORD}",
    f"stringData: {{key: [{PASSWORD}]}}",
    f"stringData: {{key: {{{PASSWORD}: 1}}}}",
    f"stringData: {{key: {PASSWORD}}}\ntype: [{PASSWORD}]",
    f'stringData: {{key: "{PASSWORD}}}',
    f"stringData:\n  key: {PASSWORD}\n bad: {PASSWORD}",
)
"""What stands behind the head of a Secret and is an error each."""

PUBLIC_FILES = {"ca.crt"}
"""What others may read in the data directory."""


class Planted:
    """An engine with secrets of every kind, and all it and its commands have said."""

    def __init__(self, world: World, log_format: str) -> None:
        self.open, self.secure, self.tls = free_port(), free_port(), free_port()
        authority = world.authority("planted")
        server, client = authority.server("localhost", "127.0.0.1"), authority.client()
        self.said: list[str] = []
        self.canaries = [PASSWORD, WRONG_PASSWORD, PAYLOAD, *BROKEN_KEY.splitlines()[1:2]]
        self.canaries += [FOREIGN_TOKEN.split(".")[1], ENDPOINT_TOKEN.split(".")[1]]
        # As the store has them: base64 of what was written.
        self.canaries += [b64encode(each.encode()).decode().rstrip("=")[:-1] for each in (PASSWORD, BROKEN_KEY)]
        self.canaries += [line for key in (server.key_pem, client.key_pem) for line in secret_lines(key)]
        token_file = world.directory / "endpoint.token"
        token_file.write_text(ENDPOINT_TOKEN)
        token_file.chmod(0o600)
        self.engine = world.engine(
            *self.resources(server.certificate_pem, server.key_pem, client.certificate_pem, client.key_pem),
            config_map("planted-ca", {"ca.crt": authority.certificate_pem}),
            options=[
                *("--log-level", "debug", "--log-format", log_format),
                *("--token-file", f"foreign={token_file}"),
                *("--token-command", f"failing=sh -c {shlex.quote('echo ' + FOREIGN_TOKEN + '; exit 3')}"),
            ],
        )

    def resources(self, *pems: str) -> Iterator[Declared]:
        """Declare listeners and flows: good ones, and others whose secrets are broken or refused."""
        server_pem, server_key, client_pem, client_key = pems
        yield listener(
            {"port": self.open},
            {"port": self.secure, "authenticationRef": "named"},
            {
                "port": self.tls,
                "authenticationRef": "certified",
                "tls": {"mode": "Manual", "manual": {"secretRef": "server"}},
            },
        )
        x509: Declared = {"method": "X509", "x509Settings": {"trustedClientCaCert": "planted-ca"}}
        yield authentication("certified", x509)
        yield authentication(
            "named",
            {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}},
            {"method": "UsernamePassword"},
        )
        yield secret("server", {"tls.crt": server_pem, "tls.key": server_key})
        yield secret("client", {"client_cert.pem": client_pem, "client_key.pem": client_key})
        yield secret("broken", {"client_cert.pem": client_pem, "client_key.pem": BROKEN_KEY})
        yield endpoint("default", self.secure, host="aio-broker", audience="aio-internal")
        yield endpoint("cloud", self.tls, host="localhost", ca="planted-ca", client_secret="client")
        yield endpoint("broken", self.tls, host="localhost", ca="planted-ca", client_secret="broken")
        yield endpoint("foreign", self.secure, host="localhost", audience="foreign")
        yield endpoint("failing", self.secure, host="localhost", audience="failing")
        yield dataflow("bridge", topic="out/${inputTopic}")
        for name in ("broken", "foreign", "failing"):
            yield dataflow(name, destination=name, topic="out/${inputTopic}")

    def command(self, *words: str, given: str = "") -> None:
        """Run a command and keep what it says."""
        done = subprocess.run(
            [*COMMAND, *words], input=given, capture_output=True, text=True, timeout=60, env=self.engine.environment
        )
        self.said += [done.stdout, done.stderr]

    def store(self, folder: Path) -> None:
        """Do with a secret in the resource store whatever can be done, and look at the files it lies in."""
        key = folder / "stored.pem"
        key.write_text(BROKEN_KEY)
        data_dir = ["--data-dir", str(self.engine.data_dir)]
        stored = json.dumps(secret("stored", {"key": PASSWORD}))
        self.command("create", "secret", "generic", "stored", "--from-file", str(key), *data_dir)
        for verb in ("diff", "apply"):
            self.command(verb, "-f", "-", "-o", "json", *data_dir, given=stored)
        assert '"updated"' in self.said[-2]
        for words in (["get", "secret", "stored"], ["history"], ["export"]):
            for form in ("text", "json", "yaml"):
                self.command(*words, "-o", form, *data_dir)
        self.command("rollback", "secret", "stored", "-o", "json", *data_dir)
        self.command("delete", "secret", "stored", "-o", "json", *data_dir)
        assert '"deleted"' in self.said[-2]
        files = [path for path in self.engine.data_dir.iterdir() if path.name.startswith("resources.db")]
        assert files
        self.said += [path.read_bytes().decode("latin-1") for path in files]

    def connect(self, port: int, packet: mqtt5.ConnectPacket) -> int:
        """Return the reason code with which a CONNECT is answered."""
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(packet.write())
            data = connection.recv(4096)
            self.said.append(data.decode("latin-1"))
            connack, *_ = PacketReader().feed(data)
        assert isinstance(connack, mqtt5.ConnAckPacket)
        return int(connack.reason_code)

    def look(self) -> None:
        """Keep what the engine shows of itself, and add what is secret in its own files."""
        engine = self.engine
        process = Path(f"/proc/{engine.process_id}")
        self.said += [engine.get(path)[1] for path in ("/status", "/metrics", "/livez", "/readyz", "/nowhere")]
        self.said += [engine.log(), (process / "environ").read_text(), (engine.data_dir / "broker.json").read_text()]
        arguments = (process / "cmdline").read_text()
        self.said.append(
            arguments.replace(FOREIGN_TOKEN, "")
        )  # the test's own, in a command that a user would not write
        for path in engine.data_dir.rglob("*"):
            if path.is_file() and b"PRIVATE KEY" in (content := path.read_bytes()):
                self.canaries += secret_lines(content.decode())


def secret_lines(pem: str) -> list[str]:
    """Return the lines of private keys that nobody may see."""
    lines: list[str] = []
    is_key = False
    for line in pem.splitlines():
        if line.startswith("-----"):
            is_key = line.startswith("-----BEGIN") and "PRIVATE KEY" in line
        elif is_key and len(line) > 32:
            lines.append(line)
    assert lines, "no key"
    return lines


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_promises_05_and_06_no_secret_is_in_any_output_of_a_whole_run(world: World, log_format: str) -> None:
    planted = Planted(world, log_format)
    engine = planted.engine
    data_dir = ["--data-dir", str(engine.data_dir)]
    planted.command("user", "add", "canary", *data_dir, given=f"{PASSWORD}\n")
    planted.command("user", "add", "short", *data_dir, given="canary\n")
    planted.command("validate", str(engine.manifests))
    for number, body in enumerate(SECRETS_OUT_OF_FORM):
        path = world.directory / f"form-{number}.yaml"
        path.write_text(f"apiVersion: v1\nkind: Secret\nmetadata: {{name: form}}\n{body}\n")
        planted.command("validate", str(path))
        assert "error" in "".join(planted.said[-2:]), body
    engine.start("bridge")

    accepted = mqtt5.ConnectPacket("one", username="canary", password=PASSWORD.encode())
    refused = mqtt5.ConnectPacket("two", username="canary", password=WRONG_PASSWORD.encode())
    token = mqtt5.ConnectPacket("three", authentication_method="K8S-SAT", authentication_data=FOREIGN_TOKEN.encode())
    assert planted.connect(planted.secure, accepted) == 0
    assert planted.connect(planted.secure, refused) >= 0x80
    assert planted.connect(planted.secure, token) >= 0x80
    assert planted.connect(planted.secure, mqtt5.ConnectPacket("four")) >= 0x80

    publisher = world.publisher(planted.open, ["plant/a"], rate=200, make=message)
    grow(lambda: engine.flow("bridge")["counters"]["delivered"], 50, "messages with a payload that is private")
    until(lambda: all(word in engine.log() for word in ("broken", "foreign", "failing")), "the errors of the others")
    grow(lambda: engine.log().count("failing"), 2, "more of them")
    publisher.finish()
    planted.command("status", "--url", f"http://127.0.0.1:{engine.http_port}")
    planted.command("pub", "-t", "a", "-m", "x", *data_dir)
    planted.store(world.directory)
    write(engine.manifests, secret("broken", {"client_key.pem": BROKEN_KEY}))
    grow(lambda: engine.log().count("broken"), 1, "an error about the secret without a certificate")
    planted.look()
    check_modes(engine)
    engine.terminate()
    planted.said.append(engine.log())
    assert "debug" in engine.log() and "PUBLISH" in engine.log(), "the log is not at level debug"
    found = {canary for canary in planted.canaries for said in planted.said if canary in said}
    assert not found


def message(topic: str, number: int, packet_id: int) -> mqtt5.PublishPacket:
    """Return a message whose payload is a canary."""
    payload = f"{number} {PAYLOAD}".encode()
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)


def check_modes(engine: Engine) -> None:
    """Assert that nobody else reads anything in the data directory, the log of the store included."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in [engine.data_dir, *engine.data_dir.rglob("*")]}
    assert {"broker.db", "broker.db-wal", "broker.db-shm"} <= {path.name for path in modes}
    open_to_others = {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert {Path(path).name for path in open_to_others} <= PUBLIC_FILES, open_to_others
