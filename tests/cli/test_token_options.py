import argparse
from pathlib import PurePath

import pytest

from tidegate.cli.token_options import _command, _file, token_settings


def test_they_become_settings() -> None:
    settings = token_settings(
        [_file("aio-internal=/run/a=b")],
        [_command("https://cloud=mint --scope 'a b' x=y")],
        {"AIO_SAT_FILE": "/run/sat"},
    )
    assert settings.files == (("aio-internal", PurePath("/run/a=b")),)
    assert settings.commands == (("https://cloud", ("mint", "--scope", "a b", "x=y")),)
    assert settings.service_account_file == PurePath("/run/sat")
    assert "mint" not in repr(settings)


def test_none_is_none() -> None:
    assert token_settings(None, None, {"AIO_SAT_FILE": ""}).paths == ()


@pytest.mark.parametrize("text", ["aio-internal", "=path", "aio-internal=", ""])
def test_what_is_no_pair_says_what_to_write(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write AUDIENCE=PATH, as in aio-internal=path"):
        _file(text)


@pytest.mark.parametrize(("text", "says"), [("a='x", "cannot be read: no closing quotation"), ("a= ", "is empty")])
def test_what_is_no_command_is_said(text: str, says: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=says):
        _command(text)
