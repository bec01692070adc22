"""What is offered for arguments of verbs, from a store on disk."""

import os
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

import pytest
from argcomplete.completers import BaseCompleter
from tests.cli.stores import Shell

from tidegate.cli.completers import NameCompleter, PathCompleter, ResourceCompleter
from tidegate.cli.kind_words import KIND_WORDS, kind_of


class Typed(Action):
    """Stands for an argument."""

    def __call__(self, *_: object) -> None:
        raise AssertionError


def offers(completer: BaseCompleter, prefix: str = "", *words: str, data_dir: str | None = None) -> list[str]:
    given = Namespace(resources=list(words), data_dir=data_dir)
    return list(completer(prefix=prefix, action=Typed([], "resources"), parser=ArgumentParser(), parsed_args=given))


@pytest.fixture
def filled(shell: Shell) -> Shell:
    for name in ("trusted", "spare"):
        assert shell.type("create", "configmap", name, "--from-literal", "k=v") == 0
    return shell


def test_a_kind_comes_first_then_names_of_it_that_are_not_named_yet(filled: Shell) -> None:
    kinds = offers(ResourceCompleter())
    assert {"endpoints", "dataflows", "profiles", "configmaps"} < set(kinds)
    assert {kind_of(each) for each in kinds} == set(KIND_WORDS)
    assert offers(ResourceCompleter(), "", "configmaps") == ["spare", "trusted"]
    assert offers(ResourceCompleter(), "", "cm", "spare") == ["trusted"]
    assert offers(ResourceCompleter(), "", "secrets") == []
    assert offers(ResourceCompleter(), "", "nothing") == []


def test_kinds_in_a_list_keep_those_before(filled: Shell) -> None:
    assert "secrets,flows,endpoints" in offers(ResourceCompleter(), "secrets,flows,e")


def test_a_kind_and_a_name_in_one_word(filled: Shell) -> None:
    assert offers(ResourceCompleter(), "cm/") == ["cm/spare", "cm/trusted"]
    assert offers(ResourceCompleter(), "cm/", "cm/spare") == ["cm/trusted"]
    assert "endpoints/" in offers(ResourceCompleter(), "", "cm/spare")
    assert offers(ResourceCompleter(), "nothing/") == []


def test_where_one_resource_is_meant_nothing_follows_it(filled: Shell) -> None:
    one = ResourceCompleter(only_one=True)
    assert offers(one, "", "cm") == ["spare", "trusted"]
    assert offers(one, "", "cm", "spare") == []
    assert offers(one, "cm/", "cm/spare") == []


def test_what_was_deleted_is_offered_where_it_can_be_meant(filled: Shell) -> None:
    assert filled.type("delete", "configmap", "spare") == 0
    assert offers(ResourceCompleter(), "", "cm") == ["trusted"]
    assert offers(ResourceCompleter(with_deleted=True), "", "cm") == ["spare", "trusted"]
    assert offers(ResourceCompleter(with_deleted=True), "cm/") == ["cm/spare", "cm/trusted"]


def test_names_are_those_of_the_store_that_is_meant(filled: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    names = NameCompleter("ConfigMap")
    assert offers(names) == ["spare", "trusted"]
    assert offers(names, data_dir=str(filled.folder / "other")) == []
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("HOME", str(filled.folder))
    assert offers(names, data_dir="~/data") == offers(names, data_dir="$HOME/data") == ["spare", "trusted"]


def test_a_store_that_cannot_be_read_has_no_names_and_stays_as_it_is(
    filled: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, path = NameCompleter("ConfigMap"), filled.data / "resources.db"
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert offers(names) == []
    monkeypatch.undo()
    monkeypatch.setenv("STATE_DIRECTORY", str(filled.data))
    path.write_bytes(b"no database at all" * 100)
    assert offers(names) == []
    assert [each.name for each in filled.data.iterdir()] == ["resources.db"]
    path.unlink()
    assert offers(names) == []
    assert list(filled.data.iterdir()) == []
    assert offers(names, data_dir="~nobody-of-this-name/data") == []


def test_a_store_in_use_is_read_beside_its_writer(filled: Shell) -> None:
    with filled.workspace():
        assert offers(NameCompleter("ConfigMap")) == ["spare", "trusted"]


def called(metavar: str | None, prefix: str) -> Iterable[str]:
    action = Typed([], "resources", metavar=metavar)
    return PathCompleter()(prefix=prefix, action=action, parser=ArgumentParser(), parsed_args=Namespace())


def test_files_are_offered_where_files_stand(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.yaml").touch()
    file, folder = f"{tmp_path}/file.yaml", f"{tmp_path}/folder/"
    assert sorted(called("PATH", f"{tmp_path}/f")) == sorted(called("FILE", f"{tmp_path}/f")) == [file, folder]
    assert list(called("DIR", f"{tmp_path}/f")) == [folder]
    assert list(called(None, f"{tmp_path}/f")) == list(called("TOPIC", f"{tmp_path}/f")) == []
