from pathlib import Path, PurePath

from tests.engine.manifests import PROFILE, SECRETS, write_flow

from tidegate.engine.declared import Declared, Rejected, declared_by
from tidegate.engine.load import load
from tidegate.settings import Settings

SETTINGS = Settings(data_dir=PurePath())


def declared(directory: Path) -> Declared:
    found = declared_by(load([directory], SETTINGS))
    assert isinstance(found, Declared), found
    return found


def test_what_runs_comes_from_the_plan(tmp_path: Path) -> None:
    write_flow(tmp_path)
    (tmp_path / "profile.yaml").write_text(PROFILE.format(instances=2, level="warn,flow=debug", port=9700))
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    found = declared(tmp_path)
    assert [(plan.name, plan.ordinal) for plan in found.wanted.flows] == [("bridge", 0), ("bridge", 1)]
    assert found.wanted.worker_profiles == {"default"}
    assert found.wanted.log_levels == {"default": "warn,flow=debug"}
    assert found.prometheus_ports == {"default": 9700}
    assert found.secret_values.secrets == {"keys": {"key": b"hush"}}
    assert found.secret_values.config_maps == {"ca": {"ca.crt": "text"}}


def test_one_instance_runs_in_the_engine(tmp_path: Path) -> None:
    write_flow(tmp_path)
    assert declared(tmp_path).wanted.worker_profiles == frozenset()


def test_a_disabled_flow_is_named(tmp_path: Path) -> None:
    write_flow(tmp_path, mode="Disabled")
    wanted = declared(tmp_path).wanted
    assert wanted.flows == ()
    assert wanted.disabled == {"bridge"}


def test_errors_are_sentences_with_their_places(tmp_path: Path) -> None:
    path = write_flow(tmp_path, mode="Sometimes")
    found = declared_by(load([tmp_path], SETTINGS))
    assert isinstance(found, Rejected)
    (error,) = found.errors
    assert error.startswith(f"{path}:")
    assert "spec.mode" in error
