"""mosquitto_pub and mosquitto_sub: a process that subscribes for each client, and one for each publication."""

import json
import signal
import subprocess
import threading
from collections.abc import Sequence

from tests.integration.clients.adapter import SECONDS, Arrival, Client, Library, Server, Transport, Will
from tests.peers import require

__all__ = ["Mosquitto", "MosquittoClient"]

VERSIONS = {3: "mqttv31", 4: "mqttv311", 5: "mqttv5"}
SESSION_SECONDS = "300"


class MosquittoClient(Client):
    """One client id. Its process starts when there is something to subscribe to; the programs say nothing of sessions."""

    def __init__(
        self, client_id: str, publish: Sequence[str], subscribe: Sequence[str], filters: dict[str, str]
    ) -> None:
        super().__init__()
        self.client_id = client_id
        self.publish_command = publish
        self.subscribe_command = subscribe
        self.filters = filters
        self.process: subprocess.Popen[str] | None = None
        self.reading: threading.Thread | None = None
        self.is_subscribed = threading.Event()

    def subscribe(self, topic_filter: str, qos: int) -> None:
        assert self.process is None, "mosquitto_sub subscribes when it starts"
        self.filters[self.client_id] = topic_filter
        command = [*self.subscribe_command, "-t", topic_filter, "-q", str(qos)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.reading = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reading.start()
        assert self.is_subscribed.wait(SECONDS), "no SUBACK"

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                found = json.loads(line)
                self.arrivals.append(
                    Arrival(found["topic"], found["payload"] or "", found["qos"], bool(found["retain"]))
                )
            elif line.startswith("Subscribed "):
                self.is_subscribed.set()

    def publish(self, topic: str, *payloads: str, qos: int, retain: bool = False) -> None:
        command = [*self.publish_command, "-t", topic, "-q", str(qos), *(["-r"] if retain else [])]
        # A line of standard input is a message, but for an empty one.
        command += ["-l"] if all(payloads) else ["-n"]
        lines = "".join(f"{payload}\n" for payload in payloads)
        subprocess.run(command, input=lines, text=True, check=True, timeout=SECONDS)

    def leave(self) -> None:
        self._end(signal.SIGTERM)

    def cut(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None or self.reading is None:
            return
        self.process.send_signal(number)
        self.process.wait(SECONDS)
        self.reading.join(SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


class Mosquitto(Library):
    """Makes mosquitto clients, and knows what each client id subscribed to, which mosquitto_sub has to be told again."""

    def __init__(self, server: Server, version: int, transport: Transport) -> None:
        super().__init__(server, version, transport)
        self.programs = [require(f"mosquitto_{verb}") for verb in ("pub", "sub")]
        self.common = ["-h", "localhost", "-p", str(self.port), "-V", VERSIONS[version]]
        if self.ca_file is not None:
            self.common += ["--cafile", self.ca_file]
        self.filters: dict[str, str] = {}

    def connect(self, client_id: str, *, keep: bool = False, will: Will | None = None) -> Client:
        publish, subscribe = ([program, *self.common] for program in self.programs)
        # What it says of SUBACK would stay in its buffer, which it flushes only after a message.
        subscribe = ["stdbuf", "--output=L", *subscribe, "-i", client_id, "-d", "-F", "%j"]
        if keep:
            subscribe += ["-c", *(["-x", SESSION_SECONDS] if self.version == 5 else [])]
        if will is not None:
            subscribe += ["--will-topic", will.topic, "--will-payload", will.payload, "--will-qos", "1"]
            subscribe += ["--will-retain"] if will.retain else []
        made = MosquittoClient(client_id, publish, subscribe, self.filters)
        made.leaves_with_will = self.version == 5
        if keep and client_id in self.filters:
            made.subscribe(self.filters[client_id], 2)
        elif will is not None:
            made.subscribe(f"{client_id}/nothing", 0)
        return made
