"""`tidegate eval`."""

import pytest

from tidegate.cli import main


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["eval", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["$1 * 2", "--input", '{"$1": 21, "$2": "x"}'], "42\n"),
        (["$2", "--input", '{"$2": "ü"}'], '"ü"\n'),
        (["$1"], "null\n"),
        (["if($1 == (), 0, $1)"], "0\n"),
        (["($1, 2.5, true, ())", "--input", '{"$1": [1, 2]}'], "[[1, 2], 2.5, true, null]\n"),
        (["$1 > 20 && $2", "-i", '{"$1": 21, "$2": true}'], "true\n"),
        (["9223372036854775807"], "9223372036854775807\n"),
        (["1 / 4.0", "-o", "json"], "0.25\n"),
    ],
)
def test_the_value_alone_is_on_standard_output(
    capsys: pytest.CaptureFixture[str], arguments: list[str], out: str
) -> None:
    assert ran(capsys, *arguments) == (0, out, "")


def test_the_caret_is_under_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ran(capsys, "$1 +\nrond($2)")
    assert (code, out) == (1, "")
    assert "expression:2:1" in err
    assert "  2 | rond($2)\n    | ^^^^\n" in err
    assert "round" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["$1 + 1", "--input", '{"$1": true}'], 1, "  1 | $1 + 1\n    |    ^\n"),
        (["1 -\n(9223372036854775807 + 1)"], 1, "  2 | (9223372036854775807 + 1)\n"),
        (["(1, math::sqrt(-1))"], 1, "  1 | (1, math::sqrt(-1))\n    | ^^^^^^^^^^^^^^^^^^^\n"),
        (["$1", "--input", "[1]"], 2, "--input is no object of JSON"),
        (["$1", "--input", "{"], 2, "--input is no JSON"),
        (["$1", "--input", '{"x": 1}'], 2, "--input names 'x'; inputs are $1 to $100"),
        (["$1", "--input", '{"$101": 1}'], 2, "inputs are $1 to $100"),
        (["$1", "--input", '{"$1": {"a": 1}}'], 2, "the input $1 has no value"),
        (["$1", "--input", '{"$1": 9223372036854775808}'], 2, "64 bits"),
    ],
)
def test_what_has_no_value(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str) -> None:
    found, out, err = ran(capsys, *arguments)
    assert (found, out) == (code, "")
    assert said in err
    assert err.startswith("error: " if code == 2 else "error[no-value]: ")
