"""`tidegate trace`."""

import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tidegate.cli import main

FLOWS = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {name: to-cloud}
spec:
  profileRef: default
  operations:
  - operationType: Source
    sourceSettings: {endpointRef: default, dataSources: [ovens/+/state]}
  - operationType: BuiltInTransformation
    builtInTransformationSettings:
      filter:
      - {inputs: [temperature], expression: $1 < 20, description: too cold}
      map:
      - {inputs: ["*"], output: "*"}
      - {inputs: [temperature], output: fahrenheit, expression: $1 * 1.8 + 32}
      - {inputs: [secret], output: ""}
  - operationType: Destination
    destinationSettings: {endpointRef: default, dataDestination: "out/${inputTopic.2}"}
"""
SECOND = FLOWS.replace("to-cloud", "second")
DISABLED = FLOWS.replace("to-cloud", "asleep").replace("spec:\n", "spec:\n  mode: Disabled\n")


ENRICHED = FLOWS.replace(
    "      filter:",
    """\
      datasets:
      - {key: limits as l, inputs: [$context(l).id, $metadata.topic], expression: $1 == $2}
      - {key: site, inputs: [$context(limits).line, $context.line], expression: $1 == $2}
      filter:""",
).replace('output: "*"}', 'output: "*"}\n      - {inputs: [$context(site).name], output: site}')


@pytest.fixture
def flows(tmp_path: Path) -> str:
    path = tmp_path / "flows.yaml"
    path.write_text(FLOWS)
    return str(path)


def test_the_way_of_a_message(flows: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", flows, "-t", "ovens/7/state", "-m", '{"temperature": 25, "secret": "x"}']) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        out
        == """\
to-cloud: a message on ovens/7/state
  {"temperature": 25, "secret": "x"}
filter 1 (too cold): passes: false; a filter that is true drops, so the message goes on
  $1 < 20
  $1 = temperature: 25
map 1: written temperature = 25
  temperature: 25
map 1: gives way secret; a later rule that is more specific takes this field
  secret: "x"
map 2: written fahrenheit = 77.0
  $1 * 1.8 + 32
  $1 = temperature: 25
map 3: removed secret; taken away from the output
  secret: "x"
topic 1: written: "out/7"; the topic at the destination
  out/${inputTopic.2}
  $1 = $metadata.topic: "ovens/7/state"
published on out/7, QoS 1
  content type: application/json
  {"temperature":25,"fahrenheit":77.0}
"""
    )


def test_for_a_program(flows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "oven.json").write_bytes(b'{"temperature": 5}')
    assert main(["trace", flows, "--payload", str(tmp_path / "oven.json"), "-o", "json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["flow"] == "to-cloud"
    assert told["received"]["topic"] == "ovens/example/state"
    assert err == "topic: ovens/example/state\n"
    assert told["filtered"] == {"rule": 1}
    assert [each["effect"] for each in told["steps"]] == ["drops"]


def test_standard_input_is_read_where_it_is_asked_for(
    flows: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{"temperature": 5}')))
    assert main(["trace", flows, "--payload", "-"]) == 0
    assert "filtered: filter 1 ends it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ('{"temperature": 5}', "filtered: filter 1 ends it"),
        ('{"temperature": "x"}', "dropped (processing): filter rule 1 (too cold): `<` cannot compare"),
        ("no json", "dropped (processing): filter rule 1 (too cold): the payload is no JSON"),
    ],
)
def test_messages_that_end(flows: str, payload: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", flows, "-t", "ovens/7/state", "-m", payload]) == 0
    assert said in capsys.readouterr().out


def test_a_topic_that_the_source_does_not_take_is_noted(flows: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", flows, "-t", "presses/7", "-m", '{"temperature": 25}']) == 0
    assert "does not take the topic `presses/7`; it takes ovens/+/state" in capsys.readouterr().err


def test_properties(flows: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--user-property", "line=7", "--content-type", "text/plain", "-q", "0", "-r"]
    assert main(["trace", flows, "-m", '{"temperature": 25}', "-o", "json", *options]) == 0
    received = json.loads(capsys.readouterr().out)["received"]
    assert received["userProperties"] == [["line", "7"]]
    assert (received["contentType"], received["qos"], received["retain"]) == ("text/plain", 0, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "there is no payload"),
        (["-m", "x", "--payload", "y"], "more than one payload"),
        (["--payload", "/nonexistent"], "name a file that can be read"),
        (["-m", "x", "--user-property", "a"], "write NAME=VALUE"),
        (["-m", "x", "-t", "a/+"], "--topic cannot be one"),
        (["-m", "x", "--flow", "to-clod"], "did you mean `to-cloud`?"),
        (["-m", "x", "--flow", "zzz"], "there are: to-cloud"),
        (["-m", "x", "--flow", "asleep"], "disabled"),
    ],
)
def test_what_is_not_understood(flows: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(flows)
    path.write_text(f"{FLOWS}---\n{DISABLED}")
    assert main(["trace", flows, *options]) == 2
    assert said in capsys.readouterr().err


def test_one_of_several_is_chosen(flows: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(flows)
    path.write_text(f"{FLOWS}---\n{SECOND}")
    assert main(["trace", flows, "-m", "x"]) == 2
    assert "choose one with --flow: second and to-cloud" in capsys.readouterr().err
    path.write_text(DISABLED)
    assert main(["trace", flows, "-m", "x"]) == 2
    assert "no data flow is enabled" in capsys.readouterr().err


def test_what_does_not_validate_is_not_traced(flows: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(flows).write_text(FLOWS.replace("$1 < 20", "$1 <"))
    assert main(["trace", flows, "-m", "x"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[" in err


def test_data_sets_come_from_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "flows.yaml").write_text(ENRICHED)
    folder = tmp_path / "datasets"
    folder.mkdir()
    (folder / "limits.jsonl").write_text('{"id": "ovens/7/state", "line": 3}\n')
    command = ["trace", str(tmp_path / "flows.yaml"), "-t", "ovens/7/state", "-m", '{"temperature": 25}']
    assert main(command) == 2
    assert "to-cloud has data sets (limits, site)" in capsys.readouterr().err
    assert main([*command, "--datasets-dir", str(folder)]) == 2
    assert "site.jsonl: there is no such file" in capsys.readouterr().err
    (folder / "site.jsonl").write_text("[]")
    assert main([*command, "--datasets-dir", str(folder)]) == 2
    assert "site.jsonl: line 1 is no object" in capsys.readouterr().err
    (folder / "site.jsonl").write_text('{"line": 3, "name": "north"}\n')
    assert main([*command, "--datasets-dir", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "data set 1: found $context(l)" in told
    assert "data set 2: found $context(site)" in told
    assert 'map 2: written site = "north"' in told
