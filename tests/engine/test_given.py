"""What an engine was given, told to others."""

from dataclasses import replace
from pathlib import Path

import msgspec

from tidegate.engine.given import Given, given_by
from tidegate.settings import Settings


def test_it_travels_and_comes_back_as_the_settings_that_rules_depend_on() -> None:
    settings = Settings(
        data_dir=Path("data"),
        uses_store=True,
        secrets_key_file=Path("key"),
        namespace="plant",
        secrets_dir=Path("secrets"),
        datasets_dir=Path("datasets"),
        schemas_dir=Path("schemas"),
        allow_remote_only=True,
        filter_true="pass",
        hops_max=3,
    )
    given = given_by(["m.yaml"], settings)
    again = msgspec.json.decode(msgspec.json.encode(given), type=Given)
    assert again == given and again.uses_store
    assert again.paths == [str(Path.cwd() / "m.yaml")]
    here = Path.cwd()
    expected = replace(
        settings,
        secrets_key_file=here / "key",
        secrets_dir=here / "secrets",
        datasets_dir=here / "datasets",
        schemas_dir=here / "schemas",
    )
    assert again.settings(Path("data")) == expected
