"""The limits of the process."""

import resource
from collections.abc import Iterator

import pytest

from tidegate.engine.process_limits import OPEN_FILES_MAX, set_process_limits

LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave this process as it was."""
    before = [resource.getrlimit(limit) for limit in LIMITS]
    yield
    for limit, values in zip(LIMITS, before, strict=True):
        resource.setrlimit(limit, values)


def test_promise_08_open_files_are_raised_to_what_the_user_may_have() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted - 1, hard))
    set_process_limits()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)


def test_promise_06_a_crash_leaves_no_core_file() -> None:
    set_process_limits()
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
