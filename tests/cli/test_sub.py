"""`tidegate pub`, `sub` and `simulate` against the embedded broker of a running engine."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.integration.harness.engine import COMMAND, Engine
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until

from tidegate.cli import main
from tidegate.cli.sub import formatted
from tidegate.message import Message

SECONDS = 30


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%p", b"payload"),
        ("%t %p", b"a/b payload"),
        ("%t|%q|%r|%l|%%|%x|%", b"a/b|1|1|7|%|%x|%"),
        ("plain", b"plain"),
        ("%%t", b"%t"),
    ],
)
def test_forms(form: str, text: bytes) -> None:
    assert formatted(form, Message("a/b", b"payload", 1, True)) == text


def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["sub", "-t", "a/#/b"]) == 2
    assert main(["sub", "-t", "a", "-C", "0"]) == 2
    assert main(["sub", "-t", "a", "--data-dir", str(tmp_path)]) == 1
    assert "no broker runs on" in capsys.readouterr().err


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["token over TLS", "plain"])
def test_a_message_there_and_back(tmp_path: Path, kind: str) -> None:
    engine = Engine(tmp_path / "engine")
    port = free_port()
    declared = listener({"port": port})
    if kind != "plain":
        declared = listener({"port": port, "authenticationRef": "default", "tls": {"mode": "Automatic"}})
    (engine.manifests / "listener.json").write_text(json.dumps(declared))
    engine.launch()
    try:
        until(lambda: engine.status() is not None, "the engine to be up")
        directory = ["--data-dir", str(engine.data_dir)]
        publish = [*COMMAND, "pub", "-t", "kept/a", "-m", "hello", "-r", *directory]
        subprocess.run(publish, check=True, timeout=SECONDS)
        show = [*COMMAND, "sub", "-t", "kept/#", "-v", "-C", "1", "-W", str(SECONDS), *directory]
        done = subprocess.run(show, check=True, timeout=SECONDS, capture_output=True)
        assert done.stdout == b"kept/a hello\n"
        nothing = subprocess.run(
            [*COMMAND, "sub", "-t", "nothing", "-W", "1", *directory], timeout=SECONDS, check=False
        )
        assert nothing.returncode == 27
        simulate = [*COMMAND, "simulate", "--count", "6", "--rate", "1000", "-t", "kept/{kind}/{name}", *directory]
        count = [
            *COMMAND,
            "sub",
            "-t",
            "kept/oven/+",
            "-t",
            "kept/thermostat/+",
            "-C",
            "6",
            "-W",
            str(SECONDS),
            *directory,
        ]
        with subprocess.Popen([*count, "-F", "%t"], stdout=subprocess.PIPE, text=True) as counting:
            assert counting.stdout is not None
            # Sent until the subscription stands, which nothing here can see.
            until(
                lambda: subprocess.run(simulate, check=True, timeout=SECONDS) and counting.poll() is not None, "the end"
            )
            assert {line.split("/")[1] for line in counting.stdout} == {"oven", "thermostat"}
            assert counting.returncode == 0
    finally:
        engine.close()
