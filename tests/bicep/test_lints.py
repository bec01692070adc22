"""`bicep/lints.py`."""

from tidegate.bicep.binder import bind
from tidegate.bicep.lints import lints
from tidegate.bicep.parser import parse
from tidegate.resources.source_map import SourceText


def test_unused_names_are_warnings() -> None:
    text = "param a int\nparam b int\nvar c = b\nvar d = [for e in [c]: 1]\noutput f array = d\n"
    parsed = parse(text)
    symbols, _ = bind(parsed)
    found = list(lints(parsed.file, symbols, SourceText("f", text)))
    assert [(each.level, each.code) for each in found] == [("warning", "bicep-unused-parameter")]
