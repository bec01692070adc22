"""Options of verbs that work on the store."""

import getpass
import os
import pwd
import re
from pathlib import Path

import pytest
from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.web.served import served

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


ENDPOINT_FLAGS = "--host broker.example --port 8883 --no-auth"
LATER = (
    "get",
    "get endpoint cloud -o yaml",
    "get secret login -o json",
    "diff -f flow.yaml",
    "apply -f flow.yaml",
    "apply -f flow.yaml",
    "apply -f wrong.yaml",
    "apply -f broken.yaml",
    "apply -f gone.yaml",
    f"dataflow endpoint create custom-mqtt --name plant --instance i -g g {ENDPOINT_FLAGS}",
    "dataflow endpoint create custom-mqtt --name bad --host broker.example --port 99999 --no-auth",
    "dataflow endpoint update custom-mqtt --name plant --port 8884",
    "dataflow endpoint show --name plant",
    "dataflow endpoint list",
    "export",
    "export --as bicep",
    "delete endpoint cloud",
    "delete endpoint nowhere",
    "delete dataflow uplink --dry-run",
    "delete dataflow uplink",
    "rollback dataflow uplink",
    "create secret generic login --from-literal password=other",
    "create secret generic login --from-literal password=other --replace",
    "create configmap words --from-literal a=b -o json",
    "history endpoint plant -o table",
)


def test_commands_say_the_same_behind_a_server(shell: Shell, tmp_path: Path) -> None:
    shell.write("cloud.yaml", DEFAULT, CLOUD)
    shell.write("flow.yaml", UPLINK)
    shell.write("wrong.yaml", UPLINK.replace("endpointRef: cloud", "endpointRef: nowhere"))
    shell.write("broken.yaml", CLOUD.replace("    host:", "    qos: 7\n    host:"))
    with served(tmp_path / "there") as (_, server):
        remote = ["--server", server.url, "--token-file", str(server.token_file), "--ca-file", str(server.ca_file)]
        for line in ("apply -f cloud.yaml", "create secret generic login --from-literal password=tide-turns", *LATER):
            said = []
            for more in ([], remote):
                code = shell.type(*line.split(), *more)
                said.append((code, alike(shell.out), alike(shell.err)))
            assert said[0] == said[1], line
        assert not (shell.data / "ca.crt").exists()


def test_what_the_server_keeps_of_a_secret_is_not_gone_back_to(shell: Shell, tmp_path: Path) -> None:
    with served(tmp_path / "there") as (_, server):
        remote = ["--server", server.url, "--token-file", str(server.token_file), "--ca-file", str(server.ca_file)]
        for password in ("one", "two"):
            create = ("create", "secret", "generic", "login", "--from-literal", f"password={password}", "--replace")
            assert shell.type(*create, *remote) == 0
        assert shell.type("rollback", "secret", "login", *remote) == 2
        assert "the content of Secret/login in version 1 is not here" in shell.err


def alike(text: str) -> str:
    """Leave out who and when, and how wide that makes a table."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\b\d+s\b", "TIME", text)
    return re.sub(rf"\b(api|{re.escape(getpass.getuser())})\b", "WHO", re.sub(" +", " ", text))


def test_options_that_do_not_go_together(shell: Shell) -> None:
    for more in ("--token-file t", "--ca-file c"):
        assert shell.type("get", *more.split()) == 2
        assert "is for a server, and none is named" in shell.err
    assert shell.type("apply", "-f", "x", "--server", "https://localhost", "--secrets-dir", "s") == 2
    assert "--secrets-dir is the engine's own matter behind --server" in shell.err
    assert shell.type("get", "--server", "https://localhost") == 1
    assert "api/write.token" in shell.err
