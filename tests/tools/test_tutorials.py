"""How a tutorial's page is run."""

from pathlib import Path

import pytest
from tools.tutorials import TutorialError, run_page


def page(*blocks: str) -> str:
    return "\n".join(("# Page\n", *(f"```{block}\n```\n" for block in blocks), "The end.\n"))


def test_what_a_command_prints_takes_the_place_of_what_is_shown(tmp_path: Path) -> None:
    shown = page("console\n$ tidegate eval '1 + 1'\n3\n$ tidegate eval 2\n")
    assert run_page(shown, tmp_path) == page("console\n$ tidegate eval '1 + 1'\n2\n$ tidegate eval 2\n2")


def test_a_page_that_is_right_stays_as_it_is(tmp_path: Path) -> None:
    right = page(
        "yaml a.yaml\na: 1", "console\n$ cat a.yaml\na: 1\n$ tidegate eval \\\n    '1 + 1'\n2", "sh\nrm everything"
    )
    assert run_page(right, tmp_path) == right
    assert (tmp_path / "a.yaml").read_text() == "a: 1\n"


def test_a_failure_is_said(tmp_path: Path) -> None:
    failing = "console\n$ tidegate eval '1 +'"
    made = run_page(page(f"{failing}\n$ echo $?"), tmp_path)
    assert "error[expression]" in made
    assert "\n$ echo $?\n1\n```" in made
    for unsaid in (page(failing), page(failing, "console\n$ tidegate eval 1")):
        with pytest.raises(TutorialError, match="ends with 1"):
            run_page(unsaid, tmp_path)


@pytest.mark.parametrize("command", ["rm -r .", "tidegate-other", "cat a b"])
def test_other_commands_are_not_run(tmp_path: Path, command: str) -> None:
    with pytest.raises(TutorialError, match="none of the commands"):
        run_page(page(f"console\n$ {command}"), tmp_path)


def test_no_file_is_written_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(TutorialError, match="outside"):
        run_page(page("yaml ../a.yaml\na: 1"), tmp_path)
