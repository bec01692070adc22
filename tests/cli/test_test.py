"""`tidegate test`."""

import json
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from tests.resources.manifests import CLOUD

from tidegate.cli import main
from tidegate.engine.schema_folder import SchemaFolder
from tidegate.resources.schema_reference import SchemaReference

FLOW = """\
apiVersion: connectivity.iotoperations.azure.com/v1
kind: Dataflow
metadata: {name: to-cloud}
spec:
  profileRef: default
  operations:
  - operationType: Source
    sourceSettings: {endpointRef: default, dataSources: [ovens/+]}
  - operationType: BuiltInTransformation
    builtInTransformationSettings:
      map:
      - {inputs: [t], output: f, expression: $1 * 2}
  - operationType: Destination
    destinationSettings: {endpointRef: default, dataDestination: "out/${inputTopic.2}"}
"""
PASSES = """\
apiVersion: tidegate.dev/v1
kind: FlowTest
metadata: {name: doubles}
spec:
  resources: [flow.yaml]
  messages:
  - in: {topic: ovens/7, payload: {t: 21}}
    out: {topic: out/7, payload: {f: 42}}
"""
ASLEEP = FLOW.replace("to-cloud", "asleep").replace("spec:\n", "spec:\n  mode: Disabled\n")
FAILS = PASSES.replace("doubles", "halves").replace("f: 42", "f: 10.5")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.yaml").write_text(FLOW)
    (tmp_path / "flow.test.yaml").write_text(PASSES)
    return tmp_path


def test_all_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "."]) == 0
    out, err = capsys.readouterr()
    assert out == "ok    flow.test.yaml: doubles\n"
    assert err == "1 test, 0 failed\n"


def test_a_failure_is_shown_with_its_differences(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "flow.test.yaml").write_text(f"{PASSES}---\n{FAILS}")
    assert main(["test", "flow.test.yaml", "--junit", "report.xml"]) == 1
    out, err = capsys.readouterr()
    assert (
        out
        == """\
ok    flow.test.yaml: doubles
FAIL  flow.test.yaml: halves
      line 16, message 1 on ovens/7: it came out otherwise
        payload.f
          - expected 10.5
          + found    42
"""
    )
    assert err == "2 tests, 1 failed\n"
    assert parse(folder / "report.xml").getroot().attrib["failures"] == "1"
    assert main(["test", "flow.test.yaml", "-o", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["result"], each["line"]) for each in told] == [
        ("doubles", "passed", 3),
        ("halves", "failed", 12),
    ]


def test_resources_may_stand_in_the_file_of_the_test(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inline = PASSES.replace("  resources: [flow.yaml]\n", "")
    (folder / "flow.yaml").unlink()
    (folder / "flow.test.yaml").write_text(f"{inline}---\n{FLOW}")
    assert main(["test", "."]) == 0


def test_credentials_are_not_needed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x509 = "{method: X509Certificate, x509CertificateSettings: {secretRef: client}}"
    cloud = CLOUD.replace("{method: Anonymous}", x509)
    flow = FLOW.replace("destinationSettings: {endpointRef: default", "destinationSettings: {endpointRef: cloud")
    (folder / "flow.yaml").write_text(f"{flow}---\n{cloud}")
    (folder / "flow.test.yaml").write_text(PASSES)
    assert main(["test", "."]) == 0, capsys.readouterr()


def test_schemas_lie_where_the_test_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    annotated = FLOW.replace(
        "{name: to-cloud}", "{name: to-cloud, annotations: {tidegate.dev/source-schema: validate}}"
    )
    (folder / "flow.yaml").write_text(annotated.replace("dataSources", "schemaRef: aio-sr://plant/oven:1, dataSources"))
    SchemaFolder(folder / "tests" / "registry").add(SchemaReference("plant", "oven", 1), '{"required": ["t"]}')
    dropped = "\n  - {in: {topic: ovens/7, payload: {}}, dropped: invalid}\n"
    text = PASSES.replace("flow.yaml", "../flow.yaml").rstrip() + dropped
    (folder / "tests" / "flow.test.yaml").write_text(text.replace("  messages", "  schemas: registry\n  messages"))
    assert main(["test", "tests"]) == 0, capsys.readouterr()
    (folder / "tests" / "flow.test.yaml").write_text(text)
    assert main(["test", "tests", "--schemas-dir", "tests/registry"]) == 0
    assert main(["test", "tests"]) == 1
    assert "there is no schema registry" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PASSES.replace("flow.yaml", "none.yaml"), "there is no file or folder `none.yaml` beside the test's file"),
        (PASSES.replace("flow.yaml", "/dev/zero"), "there is no file or folder `/dev/zero`"),
        (
            PASSES.replace("  messages", "  flow: other\n  messages"),
            "there is no data flow other\n        --> flow.test.yaml:",
        ),
        (f"{PASSES}---\n{FLOW.replace('to-cloud', 'second')}", "the test names no data flow, and 2 are enabled"),
        (f"{PASSES}---\n{FLOW.replace('$1 * 2', '$1 *').replace('to-cloud', 'second')}", "error["),
        (PASSES.replace("topic: ovens/7,", ""), "topic"),
        (
            PASSES.replace("  messages", "  flow: asleep\n  messages") + "---\n" + ASLEEP,
            "the data flow asleep is disabled",
        ),
        ("a: 1\n", "no document of kind FlowTest"),
    ],
)
def test_what_cannot_be_run(folder: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "flow.test.yaml").write_text(text)
    assert main(["test", "."]) == 1
    out = capsys.readouterr().out
    assert out.startswith("ERROR flow.test.yaml: ")
    assert said in out


def test_a_file_that_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "flow.test.yaml").write_bytes(b"\xff")
    assert main(["test", "."]) == 1
    assert "not UTF-8" in capsys.readouterr().out


def test_nothing_to_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "flow.test.yaml").unlink()
    assert main(["test", "."]) == 2
    assert "their names end in .test.yaml" in capsys.readouterr().err
    assert main(["test", "nowhere"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_report_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", ".", "--junit", "none/report.xml"]) == 1
    assert "none/report.xml cannot be written" in capsys.readouterr().err


def test_tests_are_no_manifests(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "."]) == 0
    assert "FlowTest" not in capsys.readouterr().out


def test_a_flow_with_data_sets_has_their_records_from_the_test(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_sets = "datasets: [{key: limits as l, inputs: [t, $context(l).t], expression: $1 == $2}]"
    enriched = FLOW.replace("      map:\n", f"      {data_sets}\n      map:\n")
    enriched = enriched.replace("[t], output: f, expression: $1 * 2", "[$context(l).f], output: f")
    (folder / "flow.yaml").write_text(enriched)
    (folder / "flow.test.yaml").write_text(
        PASSES.replace("  messages:", "  dataSets: {limits: [{t: 20, f: 1}, {t: 21, f: 42}]}\n  messages:")
    )
    assert main(["test", "."]) == 0, capsys.readouterr().out
