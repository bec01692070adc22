"""`tests/cases/facts.md` lists every golden case of the language under the fact that it holds."""

import re

from tests.transform.cases import EXPRESSIONS, FACTS, MESSAGES

FOLDERS = {"expressions": EXPRESSIONS, "messages": MESSAGES, "manifests": FACTS.parent / "manifests"}
TABLE = "| fact | cases |\n|---|---|\n"
SECTIONS = ["1.6", "2.2", "2.4", "2.5", "2.6", *(f"3.{number}" for number in range(1, 13)), "4.4", "4.5"]


def listed() -> dict[str, list[tuple[str, list[str]]]]:
    """Return for each section its facts, each with its cases."""
    sections: dict[str, list[tuple[str, list[str]]]] = {}
    for section in re.split(r"^## ", FACTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, rows = section.partition(TABLE)
        facts = [re.split(r"(?<!\\)\|", row) for row in rows.strip().splitlines()]
        sections[heading.split()[0]] = [(fact.strip(), re.findall(r"`(\S+)`", cases)) for _, fact, cases, _ in facts]
    return sections


def test_every_section_has_facts_and_every_fact_a_case() -> None:
    sections = listed()
    assert list(sections) == SECTIONS
    for facts in sections.values():
        assert facts and all(cases for _, cases in facts)
        assert len({fact for fact, _ in facts}) == len(facts)


def test_every_case_that_is_listed_is_there_and_named_after_its_section() -> None:
    for section, facts in listed().items():
        for case in (case for _, cases in facts for case in cases):
            folder, _, name = case.partition("/")
            assert (FOLDERS[folder] / f"{name}.case").exists(), case
            assert folder == "manifests" or name.startswith(f"{section.replace('.', '_')}_"), case


def test_every_case_is_listed_once() -> None:
    cases = [case for facts in listed().values() for _, cases in facts for case in cases]
    assert len(cases) == len(set(cases))
    files = {f"{name}/{path.stem}" for name in ("expressions", "messages") for path in FOLDERS[name].glob("*.case")}
    assert files == {case for case in cases if not case.startswith("manifests/")}
