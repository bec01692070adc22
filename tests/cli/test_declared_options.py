"""Options of verbs that ask what declared resources would do."""

from pathlib import Path, PurePath

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.cli import main
from tidegate.cli.declared_options import DeclaredOptions, declared_settings, show_findings
from tidegate.engine.load import load
from tidegate.settings import Settings, TokenSettings

OPTIONS: DeclaredOptions = {
    "paths": ["a.yaml"],
    "namespace": "plant",
    "secrets_dir": "secrets",
    "configmaps_dir": "maps",
    "datasets_dir": "datasets",
    "schemas_dir": "schemas",
    "secrets_key_file": "key",
    "allow_remote_only": True,
    "filter_true": "pass",
    "hops_max": 3,
    "no_broker": True,
    "data_dir": "data",
    "token_file": [("a", "token")],
    "token_command": None,
}


def test_every_option_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIO_SAT_FILE", raising=False)
    assert declared_settings(OPTIONS) == Settings(
        data_dir=Path("data"),
        namespace="plant",
        secrets_dir=PurePath("secrets"),
        configmaps_dir=PurePath("maps"),
        datasets_dir=PurePath("datasets"),
        schemas_dir=PurePath("schemas"),
        secrets_key_file=PurePath("key"),
        allow_remote_only=True,
        filter_true="pass",
        hops_max=3,
        no_broker=True,
        tokens=TokenSettings(files=(("a", PurePath("token")),)),
    )


def test_the_data_directory_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "usual")
    nothing: DeclaredOptions = {**OPTIONS, "data_dir": None, "secrets_dir": None, "configmaps_dir": None}
    settings = declared_settings(nothing)
    assert (settings.data_dir, settings.secrets_dir, settings.configmaps_dir) == (Path("usual"), None, None)


def test_what_a_verb_leaves_out_is_as_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "usual")
    monkeypatch.delenv("AIO_SAT_FILE", raising=False)
    assert declared_settings({"hops_max": 3}) == Settings(data_dir=Path("usual"), hops_max=3)


@pytest.mark.parametrize("verb", ["validate", "trace", "test"])
def test_what_a_verb_leaves_out_is_no_option_of_it(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "a.yaml", "--no-broker"]) == 2
    assert f"`--no-broker` is no option of `tidegate {verb}`" in capsys.readouterr().err


def test_findings_are_shown_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(DEFAULT + UPLINK.replace("plant/#", "$share/g/plant/#"))
    loaded = load([tmp_path], Settings(data_dir=tmp_path))
    show_findings(loaded, errors_only=True)
    assert capsys.readouterr().err.endswith("1 error\n")
    (tmp_path / "b.yaml").write_text(CLOUD)
    loaded = load([tmp_path], Settings(data_dir=tmp_path))
    show_findings(loaded, errors_only=True)
    assert capsys.readouterr().err == ""
    show_findings(loaded, errors_only=False)
    assert capsys.readouterr().err.endswith("1 warning\n")


def test_a_verb_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(DEFAULT + CLOUD + UPLINK)
    assert main(["route", "plant/a", "a.yaml", "--no-broker", "--hops-max", "3", "--filter-true", "pass"]) == 0
    assert main(["route", "plant/a", "a.yaml", "--hops-max", "0"]) == 2
