"""`cli/azure.py`: what the commands that are spelled as az spells them have in common."""

from pathlib import Path

import pytest

from tidegate.cli.azure import place_of, read_config
from tidegate.cli.output import NotUnderstood


def test_what_az_wants_has_no_effect_on_where_the_store_lies() -> None:
    assert place_of({"instance": "i", "resource_group": "g", "data_dir": "d"}) == {"data_dir": "d"}


def test_a_file_with_properties_may_have_comments(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"a": 1} // one')
    assert read_config(str(path)).text.rstrip() == '{"a": 1}'
    with pytest.raises(NotUnderstood, match="cannot be read: no such file or directory"):
        read_config(str(tmp_path / "missing.json"))
