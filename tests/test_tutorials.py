"""Tutorials show what their commands print: each page is run from its first command to its last."""

from pathlib import Path

import pytest
from tools.tutorials import pages, run_page


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    assert run_page(text, tmp_path) == text, "run: make docs"
    assert "\n$ tidegate " in text


def test_there_are_pages() -> None:
    assert pages()
