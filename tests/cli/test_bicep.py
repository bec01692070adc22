"""`tidegate bicep build`."""

import json

from tests.cli.stores import Shell
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

BICEP = "param a string = 'x'\noutput b string = a\n"


def test_the_template_is_written_beside_the_file(shell: Shell) -> None:
    shell.write("deploy/main.bicep", BICEP)
    assert shell.type("bicep", "build", "deploy/main.bicep") == 0
    assert shell.out == "deploy/main.json written\n"
    written = json.loads((shell.folder / "deploy" / "main.json").read_text())
    assert written["outputs"] == {"b": {"type": "string", "value": "[parameters('a')]"}}


def test_or_printed_or_somewhere_else(shell: Shell) -> None:
    shell.write("main.bicep", BICEP)
    assert shell.type("bicep", "build", "main.bicep", "--stdout") == 0
    printed = shell.out
    assert shell.type("bicep", "build", "main.bicep", "--outfile", "other.json") == 0
    assert (shell.folder / "other.json").read_text() == printed
    assert not (shell.folder / "main.json").exists()
    assert shell.type("bicep", "build", "main.bicep", "--outfile", "nowhere/other.json") == 1
    assert "hint: choose another file" in shell.err


def test_what_is_wrong_is_shown_and_nothing_is_written(shell: Shell) -> None:
    shell.write("main.bicep", "output b string = toLowr('X')\n")
    assert shell.type("bicep", "build", "main.bicep") == 1
    assert "main.bicep:1:19" in shell.err and "did you mean `toLower`?" in shell.err
    assert shell.err.endswith("1 error\n")
    assert shell.out == ""
    assert not (shell.folder / "main.json").exists()
    assert shell.type("bicep", "build", "main.bicep", "-o", "json") == 1
    assert json.loads(shell.out)[0]["code"] == "bicep-function"


def test_warnings_do_not_stop_it(shell: Shell) -> None:
    shell.write("main.bicep", "param a string = 'x'\n")
    assert shell.type("bicep", "build", "main.bicep", "--stdout") == 0
    assert "never used" in shell.err


def test_what_export_writes_is_built(shell: Shell) -> None:
    shell.write("all.yaml", DEFAULT, CLOUD, UPLINK)
    shell.type("apply", "-f", "all.yaml")
    assert shell.type("export", "--as", "bicep") == 0
    shell.write("all.bicep", shell.out)
    assert shell.type("bicep", "build", "all.bicep", "--stdout", "-o", "json") == 0
    assert shell.err == ""
    assert len(json.loads(shell.out)["resources"]) == 6
