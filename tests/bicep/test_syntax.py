"""`bicep/syntax.py`."""

from tidegate.bicep.syntax import Integer, Name, Object, Property, Spread, Text


def test_places_do_not_count_when_trees_are_compared() -> None:
    assert Integer(1, start=3, end=4) == Integer(1)


def test_properties_by_name() -> None:
    made = Object((Property(Text("a"), Integer(1)), Spread(Name("b"))))
    assert made.get("a") == Property(Text("a"), Integer(1))
    assert made.get("b") is None
    assert len(made.properties) == 1
