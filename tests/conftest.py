"""What every test run has: the lines at its end that say which tests were left out, and examples that do not change.

`pytest --hypothesis-profile=default` looks for new examples.
"""

import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.peers import summary

hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say, after everything else, how many tests were not run for want of a peer."""
    yield
    reports = terminalreporter.getreports("skipped")
    reasons = [report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)]
    for line in summary(reasons):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; nobody else may enter `tmp_path`, whose files are safe whatever their mode."""
    with tempfile.TemporaryDirectory(prefix="tidegate-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)
