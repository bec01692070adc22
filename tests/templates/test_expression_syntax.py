"""`templates/expression_syntax.py`."""

from tidegate.templates.expression_syntax import Access, Call, Literal, quote, write


def test_quotes_are_doubled() -> None:
    assert quote("it's") == "'it''s'"


def test_properties_have_points_where_they_are_names() -> None:
    base = Call("a", (Literal(1),))
    assert write(Access(base, Literal("b"))) == "a(1).b"
    assert write(Access(base, Literal("b-c"))) == "a(1)['b-c']"
    assert write(Access(base, Literal(0))) == "a(1)[0]"
