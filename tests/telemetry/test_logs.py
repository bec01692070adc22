import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from tidegate.telemetry.line import Line
from tidegate.telemetry.logs import (
    InvalidLevel,
    engine_logger,
    log_engine_line,
    log_flow_line,
    parse_levels,
    set_levels,
    set_up_logs,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger("tidegate")
    handlers, propagate = root.handlers[:], root.propagate
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.propagate = handlers, propagate
    set_levels("info")
    for profile in ("default", "loud"):
        set_levels("info", profile)


def flow_line(line: Line, profile: str = "default", endpoint: str | None = "there") -> None:
    log_flow_line(profile, "bridge", 0, endpoint, line, {})


def written(form: Literal["text", "json"] | None, line: Line, stream: io.StringIO | None = None) -> str:
    target = stream or io.StringIO()
    set_up_logs(form, target)
    flow_line(line)
    return read(target)


def read(stream: io.StringIO) -> str:
    """Return what was written once all lines are."""
    for handler in logging.getLogger("tidegate").handlers:
        handler.flush()
    return stream.getvalue()


def test_text_has_mark_names_and_hint() -> None:
    line = Line("warning", "!", "cannot connect", "start it", fields={"next_retry_seconds": 1.5})
    first, second = written("text", line).splitlines()
    assert first.split(" ", 1)[1] == (
        "warn  ! cannot connect dataflow=bridge profile=default instance=0 endpoint=there next_retry_seconds=1.5"
    )
    assert second == "hint: start it"


def test_json_is_one_object_a_line() -> None:
    document = json.loads(written("json", Line("info", "=", "connected", fields={"session": "new"})))
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "info", "module": "flow", "message": "connected", "dataflow": "bridge", "profile": "default",
        "instance": 0, "endpoint": "there", "session": "new",
    }  # fmt: skip


def test_a_terminal_gets_text_and_anything_else_json() -> None:
    line = Line("info", "=", "connected")
    assert "connected dataflow=bridge" in written(None, line, Terminal())
    assert json.loads(written(None, line))["message"] == "connected"


def test_what_a_broker_says_cannot_forge_a_line_or_steer_a_terminal() -> None:
    text = written("text", Line("info", "x", "bye\n2026 info = all is well \x1b[2J", fields={"topic": 'a "b"\n'}))
    assert text.count("\n") == 1
    assert "bye\\n2026" in text
    assert "\\x1b[2J" in text
    assert r'topic="a \"b\"\\n"' in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("info", (logging.INFO, {})),
        ("off", (logging.CRITICAL + 1, {})),
        ("warn, flow=debug,http=trace", (logging.WARNING, {"flow": logging.DEBUG, "http": 5})),
        ("flow=error", (logging.INFO, {"flow": logging.ERROR})),
    ],
)
def test_levels(text: str, expected: tuple[int, dict[str, int]]) -> None:
    assert parse_levels(text) == expected


@pytest.mark.parametrize("text", ["loud", "flow=", "=info", "info,flow=loud"])
def test_a_level_that_does_not_exist_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidLevel, match="allowed: error, warn, info, debug, trace, off, or module=level"):
        parse_levels(text)


def test_each_profile_has_its_own_level() -> None:
    stream = io.StringIO()
    set_up_logs("text", stream)
    set_levels("off")
    set_levels("error", "default")
    set_levels("off,flow=debug", "loud")
    debug = Line("debug", "=", "nothing is pending")
    for profile in ("default", "loud"):
        flow_line(debug, profile)
    log_engine_line("http", Line("error", "!", "cannot listen"))
    assert [line.split("profile=")[1].split()[0] for line in read(stream).splitlines()] == ["loud"]
    set_levels("info", "loud")
    flow_line(debug, "loud")
    assert len(read(stream).splitlines()) == 1


def test_a_failure_keeps_its_traceback() -> None:
    for form in ("text", "json"):
        stream = io.StringIO()
        set_up_logs(form, stream)
        try:
            raise KeyError("x")
        except KeyError as error:
            engine_logger("engine").error("the task %s failed", "watch", exc_info=error)
        text = read(stream)
        assert "the task watch failed" in text
        assert "KeyError: 'x'" in text
