"""Every golden case of messages comes to exactly what it should, and the trace of each message tells the same."""

from itertools import count
from pathlib import Path

import pytest
from tests.transform.cases import MESSAGES, read_message_case, shown
from tests.transform.transforms import NOW, compiled

from tidegate.transform.trace import trace


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read_message_case(path)
    transform = compiled(case.spec, case.data_sets)
    found = [shown(transform(message)) for message, _ in case.messages]
    assert found == [expected for _, expected in case.messages]


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*.case")), ids=lambda path: path.stem)
def test_the_trace_tells_the_same(path: Path) -> None:
    case = read_message_case(path)
    # A trace is of one message, and remembers none before it.
    message, expected = case.messages[0]
    numbers = count(1)
    told = trace(case.spec, message, NOW, new_id=lambda: f"id-{next(numbers)}", snapshots=case.data_sets)
    assert shown(told.outcome) == expected
    if message.payload and told.outcome != message:
        assert told.steps
