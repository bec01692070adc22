"""How findings are shown."""

import io

import pytest

from tidegate.cli.output import diagnostic_data, print_error, render_diagnostics, summary, table
from tidegate.diagnostics import Diagnostic, Span

FINDING = Diagnostic(
    "error",
    "out-of-range",
    "qos is 2; allowed are 0 and 1",
    "spec.qos",
    "DataflowEndpoint/site",
    Span("a.yaml", 2, 6),
    "write 1",
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_finding_with_its_line() -> None:
    assert render_diagnostics([FINDING], {"a.yaml": "a: 1\nqos: 2\n"}) == (
        "error[out-of-range]: qos is 2; allowed are 0 and 1\n"
        "  --> a.yaml:2:6  DataflowEndpoint/site  spec.qos\n"
        "  2 | qos: 2\n"
        "    |      ^\n"
        "  hint: write 1\n"
    )


def test_a_finding_without_its_line_or_place() -> None:
    assert "|" not in render_diagnostics([FINDING], {})
    assert "|" not in render_diagnostics([FINDING], {"a.yaml": ""})
    assert render_diagnostics([Diagnostic("information", "x", "note it")], {}) == "note[x]: note it\n"


def test_findings_are_apart() -> None:
    assert render_diagnostics([FINDING, FINDING], {}).count("\n\n") == 1
    assert render_diagnostics([], {}) == ""


@pytest.mark.parametrize(
    ("line", "column", "length", "carets"),
    [
        ("\tname: x", 2, 4, " ^^^^"),
        ("日本: x", 5, 1, "      ^"),
        ("日本: x", 1, 2, "^^^^"),
        ("e\u0301: x", 5, 1, "   ^"),
        ("a", 2, 1, " ^"),
        ("a", 1, 0, "^"),
        ("a\x1b[31mb", 1, 7, "^^^^^^^"),
    ],
)
def test_carets_stand_under_the_characters(line: str, column: int, length: int, carets: str) -> None:
    finding = Diagnostic("error", "x", "y", span=Span("a", 1, column, length))
    shown = render_diagnostics([finding], {"a": line}).splitlines()
    assert shown[3] == f"    | {carets}"
    assert "\x1b" not in "".join(shown)


def test_of_a_long_line_the_part_around_the_caret_is_shown() -> None:
    finding = Diagnostic("error", "x", "y", span=Span("a", 1, 1001, 500))
    shown = render_diagnostics([finding], {"a": "x" * 1000 + "y" * 1000}).splitlines()
    assert all(len(line) < 200 for line in shown)
    assert shown[2].index("y") == shown[3].index("^")


def test_colour_is_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31merror\x1b[0m" in render_diagnostics([FINDING], {}, stream=Terminal())
    assert "\x1b" not in render_diagnostics([FINDING], {}, stream=io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render_diagnostics([FINDING], {}, stream=Terminal())


def test_messages_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in render_diagnostics([Diagnostic("error", "x", "a\x1b[2Jb", hint="\x1b")], {})


def test_data() -> None:
    assert diagnostic_data(FINDING) == {
        "level": "error", "code": "out-of-range", "message": "qos is 2; allowed are 0 and 1", "file": "a.yaml", "line": 2,
        "column": 6, "length": 1, "resource": "DataflowEndpoint/site", "path": "spec.qos", "hint": "write 1",
    }  # fmt: skip
    assert diagnostic_data(Diagnostic("warning", "x", "y"))["file"] is None


def test_summary() -> None:
    warning = Diagnostic("warning", "x", "y")
    assert summary([]) == "no findings"
    assert summary([warning, FINDING, FINDING]) == "2 errors, 1 warning"
    assert summary([Diagnostic("information", "x", "y")]) == "1 note"


def test_print_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("it broke", "mend it")
    print_error("it broke")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: it broke\n  hint: mend it\nerror: it broke\n"


def test_the_columns_of_a_table_stand_below_each_other_whatever_is_in_them() -> None:
    assert table([("A", "B"), ("温度", "x"), ("e\x1b", "y")]) == ["A     B", "温度  x", "e\ufffd    y"]
