"""Which findings forbid running."""

from tidegate.diagnostics import Diagnostic, has_errors

WARNING = Diagnostic("warning", "no-effect", "this has no effect")
INFORMATION = Diagnostic("information", "choice", "this was chosen")
ERROR = Diagnostic("error", "unknown-field", "there is no such field")


def test_only_errors_forbid_running() -> None:
    assert not has_errors([])
    assert not has_errors((WARNING, INFORMATION))
    assert has_errors([WARNING, ERROR])
