from tests.engine.plans import flow_plan
from tests.play import relay_of

from tidegate.engine.tally import FlowTally
from tidegate.flow.events import ConnectionEnded, MessageHeld, Side, Stalled
from tidegate.flow.policy import Retry
from tidegate.telemetry.credential_events import CredentialsChanged


def test_figures_are_the_sum_over_relays() -> None:
    tally = FlowTally()
    first, second = relay_of(flow_plan()), relay_of(flow_plan())
    first.counters.received = first.counters.delivered = 3
    first.counters.drop("busy")
    tally.retire(first)
    second.counters.received = second.counters.delivered = 4
    second.counters.drop("busy")
    figures = tally.figures(second)
    assert (figures.received, figures.delivered, figures.dropped) == (7, 7, {"busy": 2})
    assert tally.figures(None).received == 3
    assert first.counters.dropped == {"busy": 1}, "the relay's own figures are not touched"


def test_reconnects_are_counted_by_reason() -> None:
    tally = FlowTally()

    def end(code: int | None = None, by_us: bool = False, kind: str = "backoff") -> None:
        retry = Retry(kind)  # type: ignore[arg-type]  # a word of the table
        tally.note(ConnectionEnded(Side.DESTINATION, code, "", retry, by_us))

    end()
    end(0x8B)
    end(0x42)
    tally.note(Stalled(Side.DESTINATION, 60, 120))
    end(by_us=True, kind="now")
    tally.note(MessageHeld(0x97, ""))
    end(0x97, by_us=True)
    tally.note(CredentialsChanged(Side.DESTINATION))
    end(by_us=True, kind="now")
    end(by_us=True)
    end(kind="never")
    assert tally.reconnects[Side.DESTINATION] == {
        "connection_lost": 1,
        "server_shutting_down": 1,
        "0x42": 1,
        "stalled": 1,
        "held": 1,
        "credentials_changed": 1,
        "closed_by_us": 1,
    }
    assert tally.reconnects[Side.SOURCE] == {}
