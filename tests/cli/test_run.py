import signal
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

import pytest
from tests.engine.manifests import write_flow

from tidegate import app
from tidegate.cli import main
from tidegate.engine.data_directory import DataDirectory
from tidegate.engine.load import Loaded
from tidegate.settings import Settings, TokenSettings


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Start nothing, and keep the settings that something would have been started with."""
    kept: list[Settings] = []

    def run_engine(paths: Sequence[str], settings: Settings, show: Callable[[Loaded], None]) -> bool:
        kept.append(settings)
        return True

    monkeypatch.setattr(app, "run_engine", run_engine)
    return kept


def test_flags_become_settings(started: list[Settings]) -> None:
    flags = (
        "run x --data-dir /d --http [::1]:80 --secrets-dir /s --configmaps-dir /c --allow-remote-only --on-rejected drop"
        " --stall-seconds 1000 --drain-seconds 2.5 --packet-bytes-max 1000 --log-level warn,flow=debug --log-format json"
        " --namespace n --secrets-key-file /k --token-file a=/t --token-file b=/u --token-command c=mint --own-token-seconds 60"
        " --credential-warning-days 7.5 --api 127.0.0.1:9443 --api-name plant.example"
    )
    assert main(flags.split()) == 0
    assert started == [
        Settings(
            data_dir=PurePath("/d"),
            namespace="n",
            uses_store=True,
            secrets_key_file=PurePath("/k"),
            secrets_dir=PurePath("/s"),
            configmaps_dir=PurePath("/c"),
            allow_remote_only=True,
            on_rejected="drop",
            stall_seconds=1000.0,
            stall_seconds_max=1000.0,
            drain_seconds=2.5,
            packet_bytes_max=1000,
            http_host="::1",
            http_port=80,
            api_host="127.0.0.1",
            api_port=9443,
            api_names=("plant.example",),
            log_level="warn,flow=debug",
            log_format="json",
            tokens=TokenSettings(files=(("a", PurePath("/t")), ("b", PurePath("/u"))), commands=(("c", ("mint",)),)),
            own_token_seconds=60.0,
            credential_warning_days=7.5,
        )
    ]


def test_defaults_are_those_of_the_settings(started: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/state")
    assert main(["run", "x"]) == 0
    assert started == [Settings(data_dir=PurePath("/state"), uses_store=True, api_port=8443)]


@pytest.mark.parametrize(
    "flags",
    [
        ["--http", "9600"],
        ["--api", "8443"],
        ["--log-level", "loud"],
        ["--stall-seconds", "0"],
        ["--drain-seconds", "x"],
        ["--credential-warning-days", "-1"],
        ["--packet-bytes-max", "0"],
        ["--on-rejected", "ignore"],
        ["--token-file", "path"],
        ["--token-command", "a='"],
    ],
)
def test_what_is_not_understood_exits_2(
    started: list[Settings], capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert main(["run", "x", *flags]) == 2
    assert started == []
    assert capsys.readouterr().err.startswith("error: ")


def test_errors_are_shown_as_validate_shows_them_and_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_flow(tmp_path, mode="Sometimes")
    assert main(["validate", str(tmp_path)]) == 1
    findings = capsys.readouterr().out
    assert main(["run", str(tmp_path), "--data-dir", str(tmp_path / "data")]) == 1
    assert findings.rstrip() in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_second_engine_exits_1_naming_the_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_flow(tmp_path)
    with DataDirectory(tmp_path / "data") as held:
        assert main(["run", str(tmp_path / "flow.yaml"), "--data-dir", str(held.path)]) == 1
    assert f"the data directory {held.path} is in use by process " in capsys.readouterr().err


def test_a_data_directory_that_cannot_be_made_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_flow(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["run", str(tmp_path / "flow.yaml"), "--data-dir", str(tmp_path / "file" / "data")]) == 1
    assert "error: the data directory" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_engine_starts_exits_0(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    monkeypatch.setattr("tidegate.app.run_engine", lambda *arguments: signal.raise_signal(number))
    assert main(["run", "x", "--data-dir", str(tmp_path)]) == 0
    assert signal.getsignal(number) is before


def test_an_option_that_is_no_number_says_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "x", "--stall-seconds", "soon"]) == 2
    assert "'soon' is not a number of seconds above 0 and below 1000000" in capsys.readouterr().err
    assert main(["run", "x", "--packet-bytes-max", "0"]) == 2
    assert "'0' is not a number of bytes from 1 to 268435455" in capsys.readouterr().err


def test_the_store_counts_unless_a_file_is_tried_in_the_usual_place(
    started: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    for arguments in (["run"], ["run", "x", "--data-dir", "d"], ["run", "x"]):
        assert main(arguments) == 0
    assert [each.uses_store for each in started] == [True, True, False]
