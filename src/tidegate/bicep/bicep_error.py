"""What is wrong with a Bicep text, before it becomes a finding.

Knows the words and the characters they are about. Does not know the file (`compiler`).
"""

__all__ = ["BicepError"]


class BicepError(ValueError):
    """A text is no Bicep. The characters from `start`, counted from 0, to before `end` are wrong; `hint` says how to mend it."""

    def __init__(self, message: str, start: int, end: int, hint: str | None = None, code: str = "syntax") -> None:
        self.message = message
        self.start = start
        self.end = max(end, start + 1)
        self.hint = hint
        self.code = code
        super().__init__(message)
