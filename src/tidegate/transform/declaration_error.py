"""What is wrong with a declared text: an expression, a path, a template.

Knows the words and the characters they are about. Does not know where the text was declared; `engine.plan` does.
"""

__all__ = ["DeclarationError"]


class DeclarationError(ValueError):
    """A declared text does not parse.

    `offset` and `length` say which of its characters are wrong, counted from 0; `hint` says how to mend it.
    """

    def __init__(self, message: str, offset: int, length: int, hint: str | None = None) -> None:
        self.message = message
        self.offset = offset
        self.length = length
        self.hint = hint
        super().__init__(message)
