"""`tidegate export`."""

import json
import os
import subprocess
import sys

from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary}\n---\n"


def test_everything_can_be_applied_elsewhere(shell: Shell) -> None:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK)
    shell.type("apply", "-f", "all.yaml")
    assert shell.type("export") == 0
    written = shell.out
    assert shell.type("apply", "-f", "-", "--data-dir", "elsewhere", stdin=written) == 0
    assert shell.out.count("created") == 3
    assert shell.type("export", "--data-dir", "elsewhere") == 0
    assert shell.out == written


def test_one_or_several_or_what_is_not_there(shell: Shell) -> None:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK)
    shell.type("apply", "-f", "all.yaml")
    assert shell.type("export", "endpoint", "cloud", "--as", "yaml") == 0
    assert shell.out.count("kind:") == 1
    assert shell.type("export", "endpoints", "--as", "arm") == 0
    assert [each["name"] for each in json.loads(shell.out)["resources"]] == [
        "[format('{0}/cloud', parameters('aioInstanceName'))]",
        "[format('{0}/default', parameters('aioInstanceName'))]",
    ]
    assert shell.type("export", "endpoint", "clout") == 3
    assert shell.type("export", "--as", "bicepp") == 2


def test_promise_06_contents_of_secrets_are_never_exported(shell: Shell) -> None:
    shell.write("all.yaml", SECRET)
    shell.type("apply", "-f", "all.yaml")
    for notation, note in (("yaml", "is written without its content"), ("arm", "is left out")):
        assert shell.type("export", "--as", notation) == 0
        assert f"note: Secret/client {note}" in shell.err
        assert "canary" not in shell.out and "Y2FuYXJ5" not in shell.out


def test_commands_make_the_same_resources_again(shell: Shell) -> None:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK)
    shell.type("apply", "-f", "all.yaml")
    assert shell.type("export") == 0
    before = shell.out
    assert shell.type("export", "--as", "cli") == 0
    run = f"{sys.executable} -c 'import sys; from tidegate.cli import main; sys.exit(main())'"
    script = shell.write("again.sh", f'tidegate() {{ {run} "$@"; }}\n', shell.out)
    assert shell.type("delete", "dataflow", "uplink") == 0
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(["sh", "-e", script], cwd=shell.folder, env=environment, check=True, capture_output=True)
    assert shell.type("export") == 0
    assert shell.out == before
