"""A real mosquitto on loopback ports that survive its restarts.

Queue limits are off, so that nothing is dropped by the broker itself; with `persistence` a SIGTERM writes its sessions to
disk and the next start reads them. SIGKILL loses what mosquitto had not written yet, acknowledged or not.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.integration.harness.ports import free_port
from tests.integration.harness.process import Child
from tests.integration.harness.waiting import until
from tests.peers import require

__all__ = ["BrokerTls", "Mosquitto", "wait_for_line"]


@dataclass(frozen=True, slots=True)
class BrokerTls:
    """The files of a TLS listener. With `client_ca_path` a client certificate of that authority is required."""

    certificate_path: Path
    key_path: Path
    client_ca_path: Path | None = None


class Mosquitto(Child):
    """One broker.

    `port` is plain TCP and always there (clients of the tests use it); `tls_port` and `websocket_port` exist where asked
    for. `inflight_messages_max` is what mosquitto announces as Receive Maximum and sends at most unacknowledged (0: no limit).
    `options` are further lines for the broker, `listener_options` for the plain listener.
    """

    def __init__(
        self,
        directory: Path,
        *,
        persistence: bool = True,
        tls: BrokerTls | None = None,
        websockets: bool = False,
        inflight_messages_max: int = 0,
        options: Sequence[str] = (),
        listener_options: Sequence[str] = (),
    ) -> None:
        directory.mkdir(parents=True)
        self.port = free_port()
        self.tls_port = free_port() if tls else 0
        self.websocket_port = free_port() if websockets else 0
        lines = [
            "user root",
            "allow_anonymous true",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_type information",
            "connection_messages true",
            "max_queued_messages 0",
            "max_queued_bytes 0",
            f"max_inflight_messages {inflight_messages_max}",
            "max_inflight_bytes 0",
            "set_tcp_nodelay true",
            f"persistence {'true' if persistence else 'false'}",
            f"persistence_location {directory}/",
            *options,
            f"listener {self.port} 127.0.0.1",
            *listener_options,
        ]
        if tls:
            lines += [
                f"listener {self.tls_port} 127.0.0.1",
                f"certfile {tls.certificate_path}",
                f"keyfile {tls.key_path}",
            ]
            if tls.client_ca_path:
                lines += [f"cafile {tls.client_ca_path}", "require_certificate true"]
        if websockets:
            lines += [f"listener {self.websocket_port} 127.0.0.1", "protocol websockets"]
        self.configuration_path = directory / "mosquitto.conf"
        self.configuration_path.write_text("\n".join(lines) + "\n")
        super().__init__([require("mosquitto"), "-c", str(self.configuration_path)], directory / "mosquitto.log")

    def start(self) -> None:
        """Start and wait until the plain port answers."""
        self.launch()
        until(self._answers, f"mosquitto to listen on {self.port}", found=self.log)

    def stop(self) -> None:
        """SIGTERM: with persistence on, sessions and messages are on disk when this returns."""
        self.terminate()

    def restart(self) -> None:
        """SIGTERM and start."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        assert self.is_running, f"mosquitto ended: {self.log()}"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def wait_for_line(broker: Mosquitto, pattern: str) -> None:
    """Wait until the broker's log has a line with the regular expression `pattern`."""
    until(lambda: re.search(pattern, broker.log()), f"{pattern} in the broker's log", found=broker.log)
