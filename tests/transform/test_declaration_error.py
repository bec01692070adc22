"""An error of declared text carries its facts."""

from tidegate.transform.declaration_error import DeclarationError


def test_facts() -> None:
    error = DeclarationError("no `+` here", 3, 1, "remove it")
    assert (str(error), error.offset, error.length, error.hint) == ("no `+` here", 3, 1, "remove it")
