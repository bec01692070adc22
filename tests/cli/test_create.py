"""`tidegate create secret generic` and `create configmap`; what is wrong is in the golden cases."""

import pytest
from tests.cli.stores import Shell

from tidegate.cli import create
from tidegate.resources.resource_key import ResourceKey


def data(shell: Shell, kind: str, name: str) -> object:
    with shell.workspace() as workspace:
        found = workspace.store.get(ResourceKey(kind, name))
        assert found is not None
        return {field: found.document[field] for field in ("data", "binaryData") if field in found.document}


def test_a_secret_of_files_folders_and_texts(shell: Shell) -> None:
    shell.write("client_cert.pem", "one")
    shell.write("folder/a", "two")
    shell.write("folder/below/b", "not read")
    command = ["create", "secret", "generic", "client", "--from-file", "client_cert.pem", "--from-file", "folder"]
    command += ["--from-file", "other.key=client_cert.pem", "--from-literal", "user=x=y", "-n", "azure-iot-operations"]
    assert shell.type(*command, "--dry-run") == 0
    assert shell.type(*command) == 0
    assert shell.out == "Secret/client created\n"
    assert data(shell, "Secret", "client") == {
        "data": {"user": "eD15", "client_cert.pem": "b25l", "a": "dHdv", "other.key": "b25l"}
    }
    assert shell.type(*command) == 1
    assert "there is a Secret/client already" in shell.err
    assert shell.type(*command[:4], "--from-literal", "a=b", "--replace") == 0
    assert data(shell, "Secret", "client") == {"data": {"a": "Yg=="}}


def test_a_config_map_of_text_and_of_what_is_none(shell: Shell) -> None:
    shell.write("ca.crt", "-----BEGIN\n")
    (shell.folder / "blob").write_bytes(b"\xff\x00")
    assert shell.type("create", "configmap", "ca", "--from-file", "ca.crt", "--from-file", "blob") == 0
    assert data(shell, "ConfigMap", "ca") == {"data": {"ca.crt": "-----BEGIN\n"}, "binaryData": {"blob": "/wA="}}


def test_contents_are_bounded(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "CONTENT_BYTES_MAX", 2048)
    shell.write("large", "x" * 2049)
    assert shell.type("create", "configmap", "ca", "--from-file", "large") == 2
    assert "larger than 2 KiB" in shell.err


def test_promise_14_names_are_those_of_kubernetes_and_no_paths(shell: Shell) -> None:
    assert shell.type("create", "secret", "generic", "../up", "--from-literal", "a=b") == 1
    assert "name is `../up`" in shell.err
