"""The HTTP listeners that should be open: the engine's, and one for each metrics port that profiles ask for.

Knows which, and that one which cannot be opened is tried again. Does not know what they answer.
"""

import asyncio
from collections.abc import Callable, Mapping

from tidegate.engine.status_http import Route, StatusHttp
from tidegate.exceptions import ListenFailed
from tidegate.net.tasks import Tasks
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line

__all__ = ["DEFAULT_PROMETHEUS_PORT", "Listeners"]

DEFAULT_PROMETHEUS_PORT = 9600
"""A profile's default port: its metrics are served by the engine's listener."""

RETRY_SECONDS = 10.0


class Listeners:
    """All listeners of the engine on one host. `port` 0 opens none for the engine itself."""

    def __init__(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Route],
        profile_routes: Callable[[frozenset[str]], Mapping[str, Route]],
        tasks: Tasks,
    ) -> None:
        self._host = host
        self._port = port
        self._profile_routes = profile_routes
        self._tasks = tasks
        self._open: dict[int, StatusHttp] = {}
        self._problems: dict[int, str] = {}
        self._profiles: dict[int, frozenset[str]] = {}
        if port:
            self._open[port] = StatusHttp(host, port, routes, tasks)

    @property
    def problems(self) -> list[str]:
        """Return a sentence for each listener that cannot be opened."""
        return list(self._problems.values())

    def serve_profiles(self, prometheus_ports: Mapping[str, int]) -> None:
        """Open and close listeners so that profiles have those they ask for; call `listen` or wait for `run` after it.

        Profiles that ask for the same port share its listener.
        """
        wanted = {
            port: frozenset(profile for profile, asked in prometheus_ports.items() if asked == port)
            for port in prometheus_ports.values()
            if port not in (0, DEFAULT_PROMETHEUS_PORT, self._port)
        }
        for port, profiles in list(self._profiles.items()):
            if wanted.get(port) != profiles:
                self._open.pop(port).close()
                self._problems.pop(port, None)
                del self._profiles[port]
        for port, profiles in wanted.items():
            if port not in self._open:
                self._profiles[port] = profiles
                self._open[port] = StatusHttp(self._host, port, self._profile_routes(profiles), self._tasks)

    async def listen(self) -> None:
        """Open what is not open; what fails is reported once."""
        for port, listener in list(self._open.items()):
            if listener.is_listening:
                continue
            try:
                await listener.listen()
            except ListenFailed as error:
                if port not in self._problems:
                    hint = f"it is tried again every {RETRY_SECONDS:g} s; free the port, or choose another with --http"
                    log_engine_line("http", Line("error", "!", str(error), hint))
                self._problems[port] = str(error)
            else:
                self._problems.pop(port, None)
                log_engine_line("http", Line("info", "=", f"status and metrics on http://{listener.address}"))

    async def run(self) -> None:
        """Keep trying, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            await self.listen()

    def close(self) -> None:
        """Close all."""
        for listener in self._open.values():
            listener.close()
