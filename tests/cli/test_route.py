"""`tidegate route`, as one types it."""

import json
from pathlib import Path

import pytest
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.cli import main


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(DEFAULT + CLOUD + UPLINK)


def test_a_table_with_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.yaml").write_text(UPLINK.replace("name: uplink", "name: other").replace("plant/#", "site/#"))
    assert main(["route", "plant/a", "a.yaml", "b.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "FLOW    TAKES IT  FROM     TO     TOPIC          THEN  WHY",
        "uplink  yes       default  cloud  north/plant/a  -     `plant/#` matches",
        "other   no        default  cloud  -              -     "
        "no topic filter matches: `site/#` has `site` in level 1, and the topic `plant`",
    ]


def test_nobody_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "site/a", "a.yaml", "-o", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["flow"], found["verdict"], found["topic"], found["following"]) == ("uplink", "no", None, [])


def test_nothing_is_declared(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(CLOUD)
    assert main(["route", "site/a", "a.yaml"]) == 1
    assert capsys.readouterr().out == "no data flow is declared\n"


def test_what_does_not_validate_is_shown_and_the_others_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.yaml").write_text(UPLINK.replace("name: uplink", "name: other").replace("plant/#", "plant/#/x"))
    assert main(["route", "plant/a", "."]) == 0
    captured = capsys.readouterr()
    assert "error[topic-filter]" in captured.err
    assert "it does not validate: dataSources[0] is `plant/#/x`" in captured.out
    assert "uplink  yes" in captured.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["route", "plant/a", "--data-dir", "none"], "there is no PATH, and no engine runs"),
        (["route", "plant/#", "a.yaml"], "'plant/#': a topic name has no wildcard"),
        (["route", "plant/a", "a.yaml", "--endpoint", "x"], "there is no endpoint x"),
    ],
)
def test_what_is_not_understood(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert f"error: {said}" in capsys.readouterr().err
