"""Options of verbs that work on the store."""

import os
import pwd

import pytest
from tests.cli.stores import Shell

from tidegate.cli.store_options import Place, author, opened, place_options, rule_options


class Recorder:
    """Takes the place of knack's context."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def extra(self, name: str, **_: object) -> None:
        self.names.append(name)


def test_every_option_is_a_keyword() -> None:
    recorder = Recorder()
    place_options(recorder)
    rule_options(recorder)
    assert set(recorder.names) == set(Place.__annotations__)


def test_where_the_store_lies(shell: Shell) -> None:
    with opened({"data_dir": "elsewhere", "secrets_key_file": "key"}):
        assert (shell.folder / "elsewhere" / "resources.db").exists()
    with opened({}):
        assert (shell.data / "resources.db").exists()


def test_who_is_at_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    assert author("apply") == (pwd.getpwuid(os.getuid()).pw_name, "tidegate apply")
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    assert author("apply").name == "987654"
