"""`templates/masking.py`."""

from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.masking import masked


def test_secrets_are_hidden_and_keep_their_length() -> None:
    source = SourceText("a.json", '{"a": "se cret"}')
    place = Place(source, Node("se cret", 6, 15))
    made = masked({"a.json": source.text, "b.json": "b"}, [place, Place(SourceText("c", ""), Node("", 0, 0))])
    assert made == {"a.json": '{"a": *** *****}', "b.json": "b"}
