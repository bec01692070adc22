"""`resources/flow_test.py`: documents of kind FlowTest, told from the resources beside them."""

import pytest

from tidegate.resources.flow_test import FlowTestFile, read_flow_tests
from tidegate.resources.source_map import SourceText

TEST = """\
apiVersion: tidegate.dev/v1
kind: FlowTest
metadata: {name: one}
spec:
  messages:
  - in: {topic: a, payload: {x: [1, 2]}}
    out: {topic: b}
"""
OTHER = "kind: ConfigMap\nmetadata: {name: c}\n"


def read(text: str) -> FlowTestFile:
    return read_flow_tests(SourceText("t.yaml", text))


def test_tests_are_taken_out_of_the_text() -> None:
    file = read(f"{OTHER}---\n{TEST}---\n{OTHER}")
    assert file.diagnostics == ()
    assert [each.test.name for each in file.tests] == ["one"]
    step = file.tests[0].test.spec.messages[0]
    assert (step.sent.topic, step.sent.payload, step.sent.given) == ("a", {"x": (1, 2)}, "payload")
    assert file.tests[0].place.span(("metadata", "name")).line == 6
    assert len(file.resources.text) == len(file.lines["t.yaml"])
    assert file.resources.text.count("ConfigMap") == 2
    assert "FlowTest" not in file.resources.text
    assert file.resources.text.index("ConfigMap", 20) == file.lines["t.yaml"].index("ConfigMap", 20)


def test_null_is_a_payload() -> None:
    file = read(TEST.replace("payload: {x: [1, 2]}", "payload: null"))
    assert file.tests[0].test.spec.messages[0].sent.given == "payload"
    file = read(TEST.replace(", payload: {x: [1, 2]}", ""))
    assert file.tests[0].test.spec.messages[0].sent.given is None


@pytest.mark.parametrize(
    ("wrong", "code", "line", "said"),
    [
        (TEST.replace("tidegate.dev/v1", "v1"), "api-version", 1, "tidegate.dev/v1"),
        (TEST.replace("topic: a,", ""), "missing-field", 6, "topic"),
        (TEST.replace("topic: b", "topik: b"), "unknown-field", 7, "topik"),
        (TEST.replace("out: {topic: b}", "outt: {}"), "unknown-field", 7, "outt"),
        (TEST.replace("    out: {topic: b}\n", ""), "flow-test", 6, "nothing is to become"),
        (TEST.replace("out: {topic: b}", "out: {}\n    filtered: true"), "flow-test", 6, "more than one thing"),
        (TEST.replace("topic: b", "payload: 1, payloadText: x"), "flow-test", 7, "more than one payload"),
        (TEST.replace("  messages:", "  now: yesterday\n  messages:"), "flow-test", 5, "no time with a time zone"),
        (TEST.replace("  messages:", "  now: '2026-01-01T00:00:00'\n  messages:"), "flow-test", 5, "time zone"),
        (
            TEST.replace("  messages:", "  now: '0001-01-01T00:00:00+01:00'\n  messages:"),
            "flow-test",
            5,
            "of the years 1970",
        ),
        (TEST.replace("out: {topic: b}", "out: null"), "flow-test", 6, "nothing is to become"),
        *(
            (TEST.replace("out: {topic: b}", f"filtered: {wrong}"), "flow-test", 7, "neither true nor the number")
            for wrong in ("false", "0", "-1", "1.0", '"1"', "[]")
        ),
        (TEST.replace("topic: a,", "topic: a/+,"), "flow-test", 6, "no message has this topic"),
        (TEST.replace("payload: {x: [1, 2]}", "payloadBase64: '?'"), "flow-test", 6, "is no base64"),
        (TEST[: TEST.index("  messages")] + "  messages: []\n", "out-of-range", 5, "messages is empty"),
        (TEST.replace("topic: b", "qos: 2"), "not-allowed", 7, "qos"),
        (TEST.replace("{x: [1, 2]}", "{x: yes}"), "boolean", 6, "boolean"),
        ("a: [\n" + TEST, "syntax", 2, "parse"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(wrong: str, code: str, line: int, said: str) -> None:
    found = read(wrong).diagnostics
    assert len(found) >= 1
    first = found[0]
    assert first.span is not None
    assert said in first.message + (first.hint or "")
    assert (first.span.line, first.level) == (line, "error") or code in ("boolean", "syntax")
    assert first.code == code or code in ("boolean", "unknown-field")


def test_findings_about_other_documents_are_not_told_twice() -> None:
    assert read(f"a: yes\n---\n{TEST}").diagnostics == ()
