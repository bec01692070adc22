"""How a command line becomes a call, and what is said when it does not."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import pytest

from tidegate.cli import Verb, main
from tidegate.cli.application import Application
from tidegate.cli.output import Outcome
from tidegate.exceptions import CredentialError

SUMMARY = "Greet somebody."


def greet(name: str, times: int = 1) -> Outcome | None:
    if name == "nobody":
        return None
    if name == "enemy":
        return Outcome({"greeted": name}, "no\n", 3)
    return Outcome({"greeted": name, "times": times}, f"hello {name}\n" * times)


def fail(kind: str) -> NoReturn:
    if kind == "own":
        raise CredentialError("secret client", "not found", "declare it")
    if kind == "exit":
        raise SystemExit("stopped")
    raise BrokenPipeError


def greet_arguments(context: Any) -> None:
    context.positional("name", metavar="NAME")
    context.argument("times", type=int)


def fail_arguments(context: Any) -> None:
    context.positional("kind", metavar="KIND")


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Application:
    verbs: dict[str, Verb] = {}
    for function, arguments in ((greet, greet_arguments), (fail, fail_arguments)):
        module = ModuleType(f"verb_{function.__name__}")
        vars(module).update({function.__name__: function, "arguments": arguments, "EXAMPLES": (("So.", "so"),)})
        monkeypatch.setitem(sys.modules, module.__name__, module)
        verbs[function.__name__] = Verb(module.__name__, SUMMARY)
    monkeypatch.setenv("HOME", str(tmp_path))
    return Application(verbs)


@pytest.mark.parametrize(
    ("arguments", "code", "out"),
    [
        (["greet", "ann"], 0, "hello ann\n"),
        (["greet", "ann", "--times", "2"], 0, "hello ann\nhello ann\n"),
        (["greet", "ann", "-o", "json"], 0, '{\n  "greeted": "ann",\n  "times": 1\n}\n'),
        (["greet", "ann", "--query", "greeted"], 0, '"ann"\n'),
        (["greet", "ann", "--query", "greeted", "-o", "tsv"], 0, "ann\n"),
        (["greet", "ann", "-o", "none"], 0, ""),
        (["greet", "nobody"], 0, ""),
        (["greet", "enemy"], 3, "no\n"),
    ],
)
def test_a_call(
    application: Application, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, out: str
) -> None:
    assert application.run(arguments) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (out, "")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["greet"], 2, "error: the following arguments are required: NAME\n  hint: see `tidegate greet --help`\n"),
        (["gret"], 2, "error: `gret` is no command\n  hint: did you mean `greet`?\n"),
        (["xyz"], 2, "error: `xyz` is no command\n  hint: there are greet, fail\n"),
        (["greet", "a", "-o", "jsn"], 2, "error: `jsn` is no value for --output\n  hint: did you mean `json`?\n"),
        (
            ["greet", "a", "--tims", "x", "b"],
            2,
            "error: `--tims` is no option of `tidegate greet`\n  hint: did you mean `--times`?\n",
        ),
        (
            ["greet", "a", "b"],
            2,
            "error: `b` is more than `tidegate greet` takes\n  hint: see `tidegate greet --help`\n",
        ),
        (["greet", "a", "--times", "x"], 2, "error: `x` is no value for --times\n  hint: write a whole number\n"),
        (["fail", "own"], 1, "error: secret client: not found\n  hint: declare it\n"),
        (["fail", "exit"], 1, "error: stopped\n"),
    ],
)
def test_what_is_not_understood_or_fails(
    application: Application, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert application.run(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == said


def test_nothing_is_written_to_the_home_folder(application: Application, tmp_path: Path) -> None:
    application.run(["greet", "ann"])
    application.run([])
    assert list(tmp_path.iterdir()) == []


def test_help(application: Application, capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run(["greet", "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"tidegate greet : {SUMMARY}" in shown
    assert "Examples\n    So.\n        so\n" in shown
    assert application.run([]) == 0
    assert "Tidegate runs MQTT data flows" in capsys.readouterr().out


def offered(line: str, data: Path) -> list[str]:
    """Return what is offered at the end of a line, asked for as a shell does."""
    environment = {
        **os.environ,
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "STATE_DIRECTORY": str(data),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
    }
    command = [sys.executable, "-c", "from tidegate.cli import main; main()"]
    silent = ["sh", "-c", '"$@" 8>&1 1>&2', "sh", *command]
    done = subprocess.run(silent, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
    return done.stdout.split("\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tidegate dataf", ["dataflow"]),
        ("tidegate dataflow endpoint u", ["update"]),
        ("tidegate iot ops dataflow endpoint update cu", ["custom-mqtt"]),
        ("tidegate get end", ["endpoints"]),
        ("tidegate get endpoints -o js", ["json"]),
        ("tidegate get --quer", ["--query"]),
        ("tidegate delete endpoint ", ["cloud"]),
        ("tidegate export endpoints/", ["endpoints/cloud"]),
        ("tidegate history endpoint ", ["cloud", "gone"]),
        ("tidegate rollback endpoint g", ["gone"]),
        ("tidegate dataflow endpoint show -n ", ["cloud"]),
        ("tidegate dataflow endpoint show --name=", ["--name=cloud"]),
        ("tidegate iot ops dataflow endpoint show --name ", ["cloud"]),
        ("tidegate dataflow endpoint update custom-mqtt -n ", ["cloud"]),
        ("tidegate dataflow list --profile ", ["line-1"]),
        ("tidegate dataflow profile delete -n l", ["line-1"]),
        ("tidegate dataflow show -n ", [""]),
        ("tidegate dataflow endpoint create custom-mqtt --protocol w", ["WebSockets"]),
        ("tidegate dataflow endpoint create custom-mqtt --auth-type an", ["Anonymous"]),
        ("tidegate dataflow endpoint create custom-mqtt --qos ", ["0", "1"]),
        ("tidegate dataflow endpoint create custom-mqtt --config-map-ref ", ["trusted"]),
        ("tidegate dataflow endpoint create custom-mqtt --host ", [""]),
        ("tidegate export --as b", ["bicep"]),
        ("tidegate pub -t ", [""]),
        ("tidegate version ", ["--help", "--output", "--query"]),
        ("tidegate get --data-dir none endpoints ", [""]),
    ],
)
def test_what_is_offered(stored: Path, line: str, words: list[str]) -> None:
    assert offered(line, stored) == words


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a resource of some kinds, and one that was deleted."""
    data = tmp_path_factory.mktemp("stored") / "data"
    place = ["--data-dir", str(data), "--secrets-key-file", str(data.parent / "key"), "-o", "none"]
    for name in ("cloud", "gone"):
        endpoint = ["custom-mqtt", "-n", name, "--host", "mqtt.example", "--port", "1883", "--no-auth"]
        assert main(["dataflow", "endpoint", "create", *endpoint, *place]) == 0
    assert main(["dataflow", "endpoint", "delete", "-n", "gone", "--yes", *place]) == 0
    assert main(["dataflow", "profile", "create", "-n", "line-1", *place]) == 0
    assert main(["create", "configmap", "trusted", "--from-literal", "k=v", *place]) == 0
    return data


def test_to_offer_names_imports_nothing_heavy(stored: Path) -> None:
    code = (
        "import os, sys\n"
        "os._exit = lambda code: (print(sorted(heavy & set(sys.modules))), sys.exit(code))\n"
        "heavy = {'asyncio', 'pydantic', 'uvloop', 'mqtt5', 'ssl', 'cryptography', 'prometheus_client', 'websockets'}\n"
        "from tidegate.cli import main\n"
        "main()\n"
    )
    line = "tidegate get endpoint "
    environment = {
        **os.environ,
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "STATE_DIRECTORY": str(stored),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(stored.parent / "offered"),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert (stored.parent / "offered").read_text() == "cloud "
    assert done.stdout == "[]\n"


def test_version(application: Application, capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run(["--version"]) == 0
    assert capsys.readouterr().out.count(".") == 2
