"""What the embedded broker says in the log, and how often.

Knows log lines. Does not know the broker. Anybody can make a broker refuse clients, so such lines are counted and seldom.
"""

from collections.abc import Callable

from tidegate.broker.events import (
    BrokerEvent,
    ClientConnected,
    ClientDisconnected,
    ClientRefused,
    SubscriptionRevoked,
)
from tidegate.broker.plan import ListenerPlan
from tidegate.exceptions import StoreFailed
from tidegate.moment import Moment
from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import log_engine_line

__all__ = ["REFUSALS_EVERY_SECONDS", "BrokerLog"]

REFUSALS_EVERY_SECONDS = 10.0
"""Refused clients are written down at most so often, with the number of those that were not."""

SHOWN_CHARACTERS_MAX = 128


class BrokerLog:
    """Writes the broker's lines."""

    def __init__(self, clock: Callable[[], Moment]) -> None:
        self._clock = clock
        self._refused_at: float | None = None
        self._hidden = 0
        self._store_problem: str | None = None

    @property
    def problems(self) -> list[str]:
        """Return a sentence for what is wrong with the store now."""
        return [] if self._store_problem is None else [self._store_problem]

    def event(self, event: BrokerEvent) -> None:
        """Write what happened to a client."""
        match event:
            case ClientConnected(client_id, peer, version, is_present):
                again = ", session present" if is_present else ""
                self._line("debug", "=", f"client {_shown(client_id)} connected from {peer} with MQTT {version}{again}")
            case ClientDisconnected(client_id, peer, code, detail):
                why = f": {detail}" if detail else ""
                with_code = "" if code is None else f" 0x{code:02X}"
                self._line("debug", "x", f"client {_shown(client_id)} at {peer} is gone{with_code}{why}")
            case ClientRefused(client_id, peer, code, detail):
                self._refused(f"client {_shown(client_id)} at {peer} was refused with 0x{code:02X}: {detail}")
            case SubscriptionRevoked(client_id, topic_filter):
                text = f"client {_shown(client_id)} may not subscribe to {_shown(topic_filter)} any more"
                self._line("warning", "x", text)
            case _:
                pass

    def store(self, error: StoreFailed | None) -> None:
        """Take note of how a commit went; say when it begins to fail and when it works again."""
        problem = None if error is None else f"the broker's store fails: {error}"
        if error is not None and self._store_problem is None:
            text = "nothing is acknowledged to publishers that a durable session or a retained message needs"
            self._line("error", "!", f"{problem}; {text}", error.hint)
        elif error is None and self._store_problem is not None:
            self._line("info", "=", "the broker's store works again")
        self._store_problem = problem

    def listening(self, plan: ListenerPlan) -> None:
        """Say where clients may connect now."""
        how = {"Mqtt": "MQTT", "WebSockets": "MQTT over WebSockets"}[plan.protocol]
        tls = " with TLS" if plan.tls is not None else ""
        text = f"the broker listens on {' and '.join(plan.addresses)}, port {plan.port}, for {how}{tls}"
        self._line("info", "=", text)

    def renewed(self) -> None:
        """Say that clients have to trust another authority."""
        text = "the broker's certificate authority is renewed: clients that trust it by a file need the new `ca.crt`"
        self._line("warning", "=", text)

    def failed(self, what: str, detail: str, hint: str | None) -> None:
        """Say that something of the broker does not work."""
        self._line("error", "!", f"{what}: {detail}", hint)

    def _refused(self, text: str) -> None:
        now = self._clock().monotonic
        if self._refused_at is not None and now - self._refused_at < REFUSALS_EVERY_SECONDS:
            self._hidden += 1
            return
        more = f" ({self._hidden} more since the last such line)" if self._hidden else ""
        self._refused_at, self._hidden = now, 0
        self._line("warning", "!", text + more)

    def _line(self, level: str, mark: str, text: str, hint: str | None = None) -> None:
        log_engine_line("broker", Line(level, mark, text, hint))  # type: ignore[arg-type]


def _shown(text: str) -> str:
    """Make what a client calls itself fit for a line."""
    return repr(text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…")
