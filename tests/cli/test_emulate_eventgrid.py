"""`tidegate emulate eventgrid`; that it works is for `integration/test_identities.py`."""

from pathlib import Path

import pytest

from tidegate.cli import emulate_eventgrid, main
from tidegate.engine.emulate_eventgrid import EventGridSettings
from tidegate.engine.identity_stand_in import DEFAULT_TENANT


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, EventGridSettings]]:
    """Serve nothing, and keep what would be served."""
    found: list[tuple[Path, EventGridSettings]] = []

    async def serve(directory: Path, settings: EventGridSettings) -> None:
        found.append((directory, settings))

    monkeypatch.setattr(emulate_eventgrid, "_serve", serve)
    return found


def test_options_become_settings(served: list[tuple[Path, EventGridSettings]], tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("of the authority")
    options = ["--data-dir", str(tmp_path), "--topic-space", "a/#", "--topic-space", "b", "--publisher", "one"]
    options += [
        "--subscriber",
        "two",
        "--client",
        "press-1",
        "--client-ca",
        str(tmp_path / "ca.pem"),
        "--sessions",
        "9",
    ]
    assert (
        main(
            [
                "emulate",
                "eventgrid",
                *options,
                "--port",
                "1",
                "--websocket-port",
                "2",
                "--retain",
                "--message-rate",
                "7",
            ]
        )
        == 0
    )
    expected = EventGridSettings(
        tenant_id=DEFAULT_TENANT,
        topic_spaces=("a/#", "b"),
        roles=(("publisher", "one"), ("subscriber", "two")),
        client_ca_pem="of the authority",
        clients=frozenset({"press-1"}),
        sessions_per_client_max=9,
        retain=True,
        messages_per_second_max=7.0,
        port=1,
        websocket_port=2,
    )
    assert served == [(tmp_path, expected)]


def test_without_options_everybody_may_do_everything(served: list[tuple[Path, EventGridSettings]]) -> None:
    assert main(["emulate", "eventgrid"]) == 0
    ((_, settings),) = served
    assert (settings.topic_spaces, settings.roles, settings.port) == (("#",), (), 8883)
    assert settings.messages_per_second_max == 100
    assert main(["emulate", "eventgrid", "--message-rate", "0"]) == 0
    assert served[-1][1].messages_per_second_max is None


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["emulate", "eventgrid", "--client-ca", "nowhere.pem"]) == 2
    assert "nowhere.pem cannot be read" in capsys.readouterr().err
