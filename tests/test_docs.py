"""Documentation that cannot drift: generated pages are current, links lead somewhere, examples are what the text says."""

import re
from pathlib import Path

import pytest
from tools.named_tests import named_tests

from tools import failures, promises, reference, statements

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_is_current(name: str) -> None:
    assert (reference.FOLDER / name).read_text() == reference.PAGES[name](), "run: make docs"


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in reference.FOLDER.iterdir()} == set(reference.PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_files_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_shows_the_quick_start_as_it_is() -> None:
    """Every YAML block of the README stands in a file of the example, so that it is run by the example's test."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    files = [path.read_text() for path in (ROOT / "examples" / "quickstart").glob("*.yaml")]
    assert blocks
    assert [block for block in blocks if not any(block in text for text in files)] == []


def test_the_readme_names_only_verbs_of_the_makefile() -> None:
    verbs = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake (\w+)`", (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()))
    assert named <= verbs


def test_every_statement_of_mqtt_5_has_a_test_or_a_reason_for_each_role_it_binds() -> None:
    tests = statements.tests_by_statement()
    bound = [(each, role) for each, (roles, _) in statements.STATEMENTS.items() for role in sorted(roles)]
    without = [(each, role) for each, role in bound if each not in tests[role]]
    assert without == list(statements.UNTESTED), (
        "a test is missing, or a row of UNTESTED is one too many or out of order"
    )
    assert all(statements.UNTESTED.values())


def test_no_test_is_named_after_a_statement_that_does_not_exist() -> None:
    assert statements.named_after_nothing() == {}


def test_the_table_of_statements_is_in_order() -> None:
    identifiers = list(statements.STATEMENTS)
    assert identifiers == sorted(identifiers, key=lambda each: [int(part) for part in re.findall(r"\d+", each)])
    assert len(identifiers) == statements.TABLE.strip().count("\n") + 1


@pytest.mark.parametrize(
    ("word", "meanings", "later"),
    [("failure", failures.MODES, failures.LATER), ("promise", promises.PROMISES, promises.LATER)],
    ids=["failure modes", "promises"],
)
def test_every_failure_mode_and_promise_has_a_test_that_names_it(
    word: str, meanings: dict[int, str], later: dict[int, str]
) -> None:
    named = named_tests(word, meanings)
    assert [number for number in meanings if not named[number] and number not in later] == []
