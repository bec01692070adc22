"""`tidegate statestore`, with the embedded broker of an engine that runs, and without."""

from pathlib import Path

import pytest
from tests.cli.test_sub import run
from tests.integration.harness.manifests import listener
from tests.integration.harness.ports import free_port
from tests.integration.harness.waiting import until
from tests.integration.harness.world import World

from tidegate.cli import main

NOWHERE = ["-h", "127.0.0.1", "-p", "1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["set", "k", "-v", "x", "-f", "y"], "more than one value"),
        (["set", "k", "-f", "absent"], "absent"),
        (["set", "", "-v", "x"], "the key is empty"),
        (["get", ""], "the key is empty"),
        (["get"], "KEY"),
        (["list", "--path", "flows.yaml"], "add --endpoint NAME"),
    ],
)
def test_what_is_not_understood(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(["statestore", *arguments, *NOWHERE]) == 2
    captured = capsys.readouterr().err
    assert said in captured and "hint: " in captured


@pytest.mark.parametrize("arguments", [["set", "k", "-v", "x"], ["get", "k"], ["delete", "k"], ["list"]])
def test_no_broker_is_a_failure_in_words(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["statestore", *arguments, *NOWHERE]) == 1
    assert "connection refused" in capsys.readouterr().err


@pytest.mark.integration
def test_keys_of_the_embedded_broker(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        engine = world.engine(listener({"port": (port := free_port())}))
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up")
        ours, there = ["--data-dir", str(engine.data_dir)], ["-h", "localhost", "-p", str(port)]
        value = b'{"id":"x1"}\n\xff\x00'
        (tmp_path / "value").write_bytes(value)
        assert (
            run("statestore", "set", "from a file", "-f", str(tmp_path / "value"), *ours) == b"from a file: 14 bytes\n"
        )
        run("statestore", "set", "typed", "-v", "å", *there)
        run("statestore", "set", "piped", *ours, given="one\ntwo\n")
        assert run("statestore", "get", "from a file", *there) == value
        assert run("statestore", "get", "typed", *ours) == "å".encode()
        assert run("statestore", "get", "piped", *ours) == b"one\ntwo\n"
        assert run("statestore", "list", *ours) == b"from a file\npiped\ntyped\n"
        run("statestore", "delete", "typed", *ours)
        for verb in ("get", "delete"):
            said = run("statestore", verb, "typed", *ours, code=1)
            assert said == b"error: the state store has no key typed\n  hint: see `tidegate statestore list`\n"
        # What was answered is on disk.
        engine.kill()
        engine.launch()
        until(lambda: engine.status() is not None, "the engine to be up again")
        assert run("statestore", "list", *ours) == b"from a file\npiped\n"
        assert run("statestore", "get", "from a file", *ours) == value
