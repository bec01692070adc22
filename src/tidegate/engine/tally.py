"""What is counted of one data flow while its relays come and go with edits.

Knows sums of figures, reconnects by reason and errors by code. Does not know what caused them.
"""

from collections import Counter

from tidegate.flow.events import ConnectionEnded, CredentialRenewed, MessageHeld, RelayEvent, Side, Stalled
from tidegate.flow.policy import REASON_NAMES
from tidegate.flow.relay import Relay
from tidegate.telemetry.credential_events import CredentialsChanged
from tidegate.telemetry.events import EngineEvent
from tidegate.telemetry.status import Figures

__all__ = ["FlowTally"]

# What our own ending of a connection is counted as, after the event that announced it.
_OWN_REASONS: dict[type, str] = {MessageHeld: "held", Stalled: "stalled", CredentialsChanged: "credentials_changed"}


class FlowTally:
    """The figures of one instance of a data flow since the process started."""

    def __init__(self) -> None:
        self.reconnects: dict[Side, Counter[str]] = {side: Counter() for side in Side}
        self.errors: dict[Side, Counter[str]] = {side: Counter() for side in Side}
        self.renewals: Counter[Side] = Counter()
        self._retired = Figures()
        self._announced: dict[Side, str] = {}

    def figures(self, relay: Relay | None) -> Figures:
        """Return the sum of the relays before and the one that runs."""
        figures = Figures()
        figures.add(self._retired)
        if relay is not None:
            figures.add(relay.counters)
        return figures

    def retire(self, relay: Relay) -> None:
        """Keep the figures of a relay that has ended. What it left unsettled went back to the source's session."""
        self._retired.add(relay.counters)
        if left := relay.pending():
            self._retired.dropped["returned"] = self._retired.dropped.get("returned", 0) + left

    def note(self, event: RelayEvent | EngineEvent) -> None:
        """Count the reconnects and renewals that an event stands for."""
        if isinstance(event, MessageHeld):
            self._announced[Side.DESTINATION] = _OWN_REASONS[MessageHeld]
        elif isinstance(event, Stalled | CredentialsChanged):
            self._announced[event.side] = _OWN_REASONS[type(event)]
        elif isinstance(event, CredentialRenewed):
            self.renewals[event.side] += 1
        elif isinstance(event, ConnectionEnded):
            announced = self._announced.pop(event.side, None)
            if event.retry.kind != "never":
                self.reconnects[event.side][announced if event.by_us and announced else _reason(event)] += 1


def _reason(event: ConnectionEnded) -> str:
    if event.reason_code is None:
        return "closed_by_us" if event.by_us else "connection_lost"
    return REASON_NAMES.get(event.reason_code, f"0x{event.reason_code:02x}").replace(" ", "_").lower()
