"""Events are values that name their side in words."""

from typing import get_args

from tidegate.flow import events
from tidegate.flow.events import ConnectionOpened, Drained, RelayEvent, Side


def test_events_compare_by_content() -> None:
    assert Drained(3) == Drained(3)
    assert ConnectionOpened(Side.SOURCE, True) != ConnectionOpened(Side.DESTINATION, True)


def test_the_union_has_every_event_of_the_file() -> None:
    kinds = {name for name in events.__all__ if name not in ("RelayEvent", "Side")}
    assert {kind.__name__ for kind in get_args(RelayEvent)} == kinds


def test_sides_are_words() -> None:
    assert [side.value for side in Side] == ["source", "destination"]
