"""What is wrong with an expression or a value of a template, before it is known where that stands.

Knows the words and, inside of an expression, the characters. Does not know the text around (`scope`).
"""

__all__ = ["TemplateError", "TemplateFailed"]


class TemplateError(ValueError):
    """A value cannot be computed.

    `offset` and `length` say which characters of the expression are meant, counted from 0; the offset is None for all of it.
    """

    def __init__(self, message: str, hint: str | None = None, offset: int | None = None, length: int = 1) -> None:
        self.message = message
        self.hint = hint
        self.offset = offset
        self.length = length
        super().__init__(message)

    def at(self, offset: int, length: int) -> "TemplateError":
        """Return the same finding with its characters, where it has none yet."""
        if self.offset is not None:
            return self
        return TemplateError(self.message, self.hint, offset, length)


class TemplateFailed(Exception):
    """A value cannot be computed, and the finding about it is recorded already."""
