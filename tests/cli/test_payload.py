"""Where a payload comes from."""

import io
import sys
from pathlib import Path

import pytest

from tidegate.cli import payload as payload_module
from tidegate.cli.output import NotUnderstood
from tidegate.cli.payload import read_payload


class Input(io.TextIOWrapper):
    """Standard input that is a terminal, or not."""

    def __init__(self, content: bytes, *, is_terminal: bool) -> None:
        self.is_terminal = is_terminal
        super().__init__(io.BytesIO(content))

    def isatty(self) -> bool:
        return self.is_terminal


def test_an_argument_a_file_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"\xff\n")
    monkeypatch.setattr(sys, "stdin", Input(b"\xfe\n", is_terminal=False))
    assert read_payload("é\udcff", None, hint="") == b"\xc3\xa9\xff"
    assert read_payload(None, str(tmp_path / "file"), hint="") == b"\xff\n"
    assert read_payload(None, None, hint="") == b"\xfe\n"


def test_a_terminal_is_read_only_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Input(b"typed", is_terminal=True))
    with pytest.raises(NotUnderstood) as refused:
        read_payload(None, None, hint="give one")
    assert (str(refused.value), refused.value.hint) == ("there is no payload", "give one")
    assert read_payload(None, None, is_asked_for=True, hint="") == b"typed"


def test_a_payload_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payload_module, "MESSAGE_BYTES_MAX", 3)
    (tmp_path / "long").write_bytes(b"four")
    with pytest.raises(NotUnderstood, match="longer than MQTT can carry"):
        read_payload(None, str(tmp_path / "long"), hint="")
