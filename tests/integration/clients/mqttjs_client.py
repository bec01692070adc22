"""MQTT.js in a process of node, which `mqttjs_driver.cjs` makes do what the story says; and the way Node-RED uses it."""

import itertools
import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.integration.clients.adapter import SECONDS, Arrival, Client, Library, Server, Transport, Will
from tests.peers import require

__all__ = ["Driver", "MqttJs", "MqttJsClient", "NodeRed"]

DRIVER = Path(__file__).with_name("mqttjs_driver.cjs")
SCHEMES = {"tcp": "mqtt", "tls": "mqtts", "ws": "ws", "wss": "wss"}
SESSION_SECONDS = 300


class Driver:
    """The process: requests go in, answers and arrivals come out."""

    def __init__(self) -> None:
        command = [require("node"), str(DRIVER), require("MQTT.js")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.clients: dict[str, MqttJsClient] = {}
        self.answers: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self.identifiers = itertools.count()
        self.reading = threading.Thread(target=self._read, name="mqttjs", daemon=True)
        self.reading.start()

    def ask(self, verb: str, client: str, **request: Any) -> Any:
        """Have something done; return its result."""
        identifier = next(self.identifiers)
        answer = self.answers[identifier] = queue.SimpleQueue()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"id": identifier, "verb": verb, "client": client, **request}) + "\n")
        self.process.stdin.flush()
        found = answer.get(timeout=SECONDS)
        assert "error" not in found, found
        return found["result"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = json.loads(line)
            if "id" in found:
                self.answers.pop(found["id"]).put(found)
            elif "arrival" in found:
                self.clients[found["client"]].arrivals.append(Arrival(**found["arrival"]))
            else:
                self.clients[found["client"]].connections += 1

    def close(self) -> None:
        """End the process with its clients."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(SECONDS)
        finally:
            self.process.kill()
            self.reading.join(SECONDS)
            self.process.stdout.close()


class MqttJsClient(Client):
    """One client of MQTT.js."""

    def __init__(self, driver: Driver, name: str) -> None:
        super().__init__()
        self.driver = driver
        self.name = name
        self.connections = 0
        self.is_over = False

    def subscribe(self, topic_filter: str, qos: int) -> None:
        granted = self.driver.ask("subscribe", self.name, filter=topic_filter, qos=qos)
        assert granted == [qos]

    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        options = {"qos": qos, "retain": retain}
        self.driver.ask("publish", self.name, topic=topic, payloads=payloads, options=options)

    def connection_count(self) -> int:
        """Return how many connections were made ready."""
        return self.connections

    def lose(self) -> None:
        """Lose the connection, which the library makes again if it was told to."""
        self.driver.ask("lose", self.name)

    def leave(self) -> None:
        self._end(force=False)

    def cut(self) -> None:
        self._end(force=True)

    def _end(self, *, force: bool) -> None:
        if not self.is_over:
            self.is_over = True
            self.driver.ask("end", self.name, force=force)


class MqttJs(Library):
    """Makes clients of MQTT.js, which connect once."""

    subscribes_always = False

    def __init__(self, server: Server, version: int, transport: Transport) -> None:
        super().__init__(server, version, transport)
        self.driver = Driver()
        self.names = itertools.count()

    def options(self, *, keep: bool) -> dict[str, Any]:
        """Return the options of the library, but for who the client is."""
        options: dict[str, Any] = {"clean": not keep, "reconnectPeriod": 0, "protocolVersion": self.version}
        if self.version == 3:
            options["protocolId"] = "MQIsdp"
        if self.version == 5 and keep:
            options["properties"] = {"sessionExpiryInterval": SESSION_SECONDS}
        return options

    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        options = {**self.options(keep=keep), "clientId": client_id}
        if will is not None:
            options["will"] = {"topic": will.topic, "payload": will.payload, "qos": 1, "retain": will.retain}
        client = MqttJsClient(self.driver, f"{client_id} {next(self.names)}")
        self.driver.clients[client.name] = client
        answer = self.driver.ask(
            "connect",
            client.name,
            url=f"{SCHEMES[self.transport]}://localhost:{self.port}{'/mqtt' if self.is_websocket else ''}",
            caFile=self.ca_file,
            subscribesAlways=self.subscribes_always,
            options=options,
        )
        client.session_present = answer["sessionPresent"]
        return client

    def close(self) -> None:
        self.driver.close()


class NodeRed(MqttJs):
    """MQTT.js with the options of Node-RED's broker node: it connects again by itself, and then subscribes again."""

    subscribes_always = True

    def options(self, *, keep: bool) -> dict[str, Any]:
        """Return the options that the broker node gives; the period is that of its settings, made short."""
        options = super().options(keep=keep) | {"keepalive": 60, "reconnectPeriod": 50, "rejectUnauthorized": True}
        if self.version == 5:
            options.setdefault("properties", {}).update(requestResponseInformation=True, requestProblemInformation=True)
        return options
