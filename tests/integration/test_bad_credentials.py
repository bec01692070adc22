"""Every method of authentication, every way to be wrong: what the flow says, with which reason code.

One engine runs a flow for each row, to brokers that check. `tests/cases/bad_credentials.txt` has what is expected, a row each:
name, reason code, message with its hint. With `TIDEGATE_WRITE_CASES=1` the file is written anew, to be read by somebody.
"""

import base64
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.certificates import EXPIRED, NOT_YET_VALID, Issued, ca, encrypted_key, new_key
from tests.integration.harness.authority import Issued as IssuedFiles
from tests.integration.harness.emulation import EventGrid, IdentityEndpoints
from tests.integration.harness.engine import Engine
from tests.integration.harness.manifests import Declared, Value, config_map, dataflow, endpoint, listener, secret, write
from tests.integration.harness.mosquitto import BrokerTls, Mosquitto
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World
from tests.tokens import unsigned_token

pytestmark = pytest.mark.integration

GOLDEN = Path(__file__).parents[1] / "cases" / "bad_credentials.txt"
ROWS_MIN = 25
CLIENT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
TENANT = "00000000-0000-4000-8000-000000000001"
AUDIENCE = "https://eventgrid.azure.net"
SECRET_PART = "canary"
DAY = 86_400.0


class Table:
    """The rows: endpoints, each with what is wrong with it, and all the processes they need."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.directory = world.directory
        self.authority = ca("Good CA")
        self.ports: dict[str, int] = {}
        self.resources: list[Declared] = []
        self.flows: list[Declared] = []
        self.options: list[str] = ["--log-level", "debug"]
        self.names: list[str] = []
        self.open, self.guarded = free_port(), free_port()
        self.identities = self._start(IdentityEndpoints(self.directory / "emulation", ["--client-id", CLIENT]))
        (self.directory / "clients.pem").write_bytes(self.authority.certificate)
        self.grid = self._grid("grid", "--client", "press-1", "--publisher", "nobody", "--subscriber", "nobody")
        self.plain = world.mosquitto("plain")
        self.strict = self._tls_broker("strict", self.authority.server("localhost"), asks=True)

    def _start(self, emulated: IdentityEndpoints) -> IdentityEndpoints:
        self.world.stack.callback(emulated.close)
        emulated.start()
        return emulated

    def _grid(self, name: str, *options: str) -> EventGrid:
        emulated = EventGrid(
            self.directory / "emulation", ["--client-ca", str(self.directory / "clients.pem"), *options]
        )
        self.world.stack.callback(emulated.close)
        emulated.start()
        self.resources.append(config_map("grid-ca", {"ca.crt": emulated.ca_pem}))
        return emulated

    def _tls_broker(self, name: str, server: Issued, *, asks: bool = False) -> Mosquitto:
        folder = self.directory / f"{name}-files"
        folder.mkdir()
        files = IssuedFiles(folder / "server.pem", folder / "server.key")
        files.certificate_path.write_bytes(server.certificate)
        files.key_path.write_bytes(server.key)
        tls = BrokerTls(files.certificate_path, files.key_path, self.directory / "clients.pem" if asks else None)
        return self.world.mosquitto(name, tls=tls)

    def row(self, name: str, cloud: Declared, *more: Declared, is_source: bool = False) -> None:
        """Add a row: a flow to an endpoint of its own name, or from it."""
        self.names.append(name)
        self.resources += [cloud, *more]
        source, destination = (name, "default") if is_source else ("default", name)
        flow = dataflow(name, source=source, filters=[f"in/{name}"], destination=destination, topic=f"out/{name}")
        self.flows.append(flow)

    def at_grid(self, name: str, method: dict[str, Value]) -> Declared:
        return endpoint(
            name,
            self.grid.port,
            host="localhost",
            ca="grid-ca",
            authentication=method,
            retain="Never",
        )

    def token_file(self, audience: str, content: bytes | None) -> None:
        path = self.directory / f"{audience}.token"
        if content is not None:
            path.write_bytes(content)
            path.chmod(0o600)
        self.options += ["--token-file", f"{audience}={path}"]

    def add_service_account_tokens(self) -> None:
        """Tokens of files and commands, at a broker that asks for them and at one that does not know them."""
        now = time.time()
        valid = unsigned_token("sat-unknown-key", now, now + DAY, jti=SECRET_PART)
        for name, content in (
            ("sat-file-missing", None),
            ("sat-file-empty", b"\n"),
            ("sat-file-no-jwt", b"canary of a password"),
            ("sat-file-too-long", b"x" * 17_000),
            ("sat-wrong-audience", unsigned_token("somebody-else", now, now + DAY, jti=SECRET_PART)),
            ("sat-no-audience", unsigned_token(None, now, now + DAY, jti=SECRET_PART)),
            ("sat-expired", unsigned_token("sat-expired", 0, 1_000_000, jti=SECRET_PART)),
            ("sat-unknown-key", valid),
        ):
            self.token_file(name, content)
            self.row(name, self._guarded(name))
        self.token_file("sat-no-such-method", unsigned_token("sat-no-such-method", now, now + DAY, jti=SECRET_PART))
        self.row("sat-no-such-method", endpoint("sat-no-such-method", self.plain.port, audience="sat-no-such-method"))
        for name, script in (
            ("command-fails", "echo canary; exit 3"),
            ("command-says-nothing", "true"),
            ("command-no-jwt", "echo canary"),
        ):
            self.options += ["--token-command", f"{name}=sh -c {shlex.quote(script)}"]
            self.row(name, self._guarded(name))
        self.options += ["--token-command", "command-missing=no-such-command-at-all"]
        self.row("command-missing", self._guarded("command-missing"))
        self.row("sat-no-source", self._guarded("sat-no-source"))

    def _guarded(self, name: str) -> Declared:
        return endpoint(name, self.guarded, host="localhost", audience=name, ca=BUILT_IN_CA)

    def add_certificates(self) -> None:
        """X.509: what is in the secret, and what the broker says of it."""
        good = self.authority.client("press-1")
        for name, certificate, key in (
            ("x509-certificate-empty", b" ", good.key),
            ("x509-certificate-no-pem", b"canary", good.key),
            ("x509-certificate-twice-base64", base64.b64encode(good.certificate), good.key),
            ("x509-certificate-expired", *_pair(self.authority.client("press-1", EXPIRED))),
            ("x509-certificate-not-yet-valid", *_pair(self.authority.client("press-1", NOT_YET_VALID))),
            ("x509-key-no-pem", good.certificate, b"canary"),
            ("x509-key-encrypted", good.certificate, encrypted_key(good.key)),
            ("x509-key-of-another", good.certificate, new_key()),
            ("x509-unknown-ca", *_pair(ca("Other CA").client("press-1"))),
            ("x509-not-for-clients", *_pair(self.authority.server("press-1"))),
        ):
            values = {"client_cert.pem": certificate.decode(), "client_key.pem": key.decode()}
            self.row(name, self._strict(name, client_secret=name), secret(name, values))
        self.row("x509-needed", self._strict("x509-needed"))
        values = {"client_cert.pem": good.certificate.decode(), "client_key.pem": good.key.decode()}
        self.resources.append(secret("good", values))
        stranger = self.authority.client("press-2")
        values = {"client_cert.pem": stranger.certificate.decode(), "client_key.pem": stranger.key.decode()}
        name = "x509-not-registered"
        at_grid = endpoint(name, self.grid.port, host="localhost", ca="grid-ca", client_secret=name, retain="Never")
        self.row(name, at_grid, secret(name, values))
        name = "x509-no-role"
        at_grid = endpoint(name, self.grid.port, host="localhost", ca="grid-ca", client_secret="good", retain="Never")
        self.row(name, at_grid, is_source=True)

    def _strict(self, name: str, **settings: Any) -> Declared:  # Any: settings as `endpoint` has them
        return endpoint(name, self.strict.tls_port, host="localhost", ca="good-ca", **settings)

    def add_servers(self) -> None:
        """Servers that are not to be trusted: there the credential is theirs."""
        self.resources.append(config_map("good-ca", {"ca.crt": self.authority.certificate.decode()}))
        for name, server in (
            ("server-unknown-ca", ca("Other CA").server("localhost")),
            ("server-wrong-name", self.authority.server("elsewhere.example")),
            ("server-expired", self.authority.server("localhost", period=EXPIRED)),
        ):
            broker = self._tls_broker(name, server)
            self.ports[name] = broker.tls_port
            self.row(name, endpoint(name, broker.tls_port, host="localhost", ca="good-ca"))
        self.row("server-no-tls", endpoint("server-no-tls", self.plain.port, host="localhost", ca="good-ca"))
        self.row(
            "ca-no-pem",
            endpoint("ca-no-pem", self.strict.tls_port, host="localhost", ca="no-pem"),
            config_map("no-pem", {"ca.crt": "canary"}),
        )

    def add_identities(self) -> None:
        """Managed identities, through azure-identity."""
        for name, changes in (
            ("user-wrong-tenant", {"tenantId": "00000000-0000-4000-8000-00000000000f"}),
            ("user-unknown-identity", {"clientId": "00000000-0000-4000-8000-00000000000e"}),
        ):
            self.row(name, self.at_grid(name, _user(changes)))
        self.row("user-no-role", self.at_grid("user-no-role", _user({})), is_source=True)
        other = {"scope": "https://servicebus.azure.net/.default"}
        self.row("user-audience-of-another-service", self.at_grid("user-audience-of-another-service", _user(other)))
        method: dict[str, Value] = {
            "method": "SystemAssignedManagedIdentity",
            "systemAssignedManagedIdentitySettings": {"audience": AUDIENCE},
        }
        self.row("system-no-role", self.at_grid("system-no-role", method), is_source=True)
        name = "system-certificate-needed"
        self.row(name, self._strict(name, authentication=method, retain="Never"))
        anonymous: dict[str, Value] = {"method": "Anonymous", "anonymousSettings": {}}
        self.row("anonymous-not-let-in", self.at_grid("anonymous-not-let-in", anonymous))

    def run(self) -> Engine:
        """Start the engine with all rows."""
        guarded: Declared = {"port": self.guarded, "authenticationRef": "default", "tls": {"mode": "Automatic"}}
        engine = self.world.engine(
            listener({"port": self.open}, guarded),
            endpoint("default", self.open, host="aio-broker"),
            options=self.options,
        )
        write(engine.manifests, *self.resources, *self.flows)
        for name in ("workload identity", "instance metadata"):
            engine.environment.update(self.identities.variables(name))
        engine.launch()
        return engine

    def plainly(self, text: str) -> str:
        """Replace what differs from run to run."""
        names = {"grid": self.grid.port, "plain": self.plain.port, "strict": self.strict.tls_port, **self.ports}
        names["guarded"] = self.guarded
        for name, port in names.items():
            text = text.replace(f":{port}", f":<{name}>")
        return text.replace(str(self.directory), "<directory>")


BUILT_IN_CA = "azure-iot-operations-aio-ca-trust-bundle"


def _pair(issued: Issued) -> tuple[bytes, bytes]:
    return issued.certificate, issued.key


def _user(changes: dict[str, str]) -> dict[str, Value]:
    settings = {"clientId": CLIENT, "tenantId": TENANT, "scope": f"{AUDIENCE}/.default", **changes}
    return {"method": "UserAssignedManagedIdentity", "userAssignedManagedIdentitySettings": settings}


def said(engine: Engine, table: Table) -> Iterator[str]:
    flows = {flow["name"]: flow for flow in (engine.status() or {"flows": []})["flows"]}
    for name in table.names:
        flow = flows.get(name)
        if flow is None or flow["health"] != "Unavailable":
            yield f"{name} | {None if flow is None else flow['health']}"
        else:
            yield table.plainly(f"{name} | {flow['reason_code']} | {flow['message']}")


def test_failure_24_every_bad_credential_is_told_apart(world: World) -> None:
    table = Table(world)
    table.add_service_account_tokens()
    table.add_certificates()
    table.add_servers()
    table.add_identities()
    assert len(table.names) >= ROWS_MIN
    engine = table.run()

    def all_are_told() -> bool:
        return all(line.count(" | ") == 2 for line in said(engine, table))

    until(all_are_told, "all rows to be told", seconds=90, found=lambda: "\n".join(said(engine, table)))
    found = "".join(f"{line}\n" for line in said(engine, table))
    if os.environ.get("TIDEGATE_WRITE_CASES"):
        GOLDEN.write_text(found)
        print(found, file=sys.stderr)
    assert found == GOLDEN.read_text()
    shown = engine.log() + str(engine.status()) + engine.get("/metrics")[1]
    assert SECRET_PART not in shown.replace("canary of", "")
    assert "eyJ" not in shown
