"""`bicep/parameter_file.py`; most of what it says is in the golden cases."""

from tidegate.bicep.parameter_file import ParameterFile, UsedTemplate, read_parameter_file
from tidegate.diagnostics import Span
from tidegate.resources.source_map import SourceText


def read(text: str) -> ParameterFile:
    return read_parameter_file(SourceText("p.bicepparam", text), lambda path: SourceText(path, "content"))


def test_values_may_use_each_other_and_files() -> None:
    made = read(
        "using './a/main.bicep'\nparam a = 1\nvar b = a + 1\nparam c = { d: b }\nparam e = loadTextContent('x')\n"
    )
    assert made.diagnostics == ()
    assert made.template == UsedTemplate("a/main.bicep", Span("p.bicepparam", 1, 7, 16))
    assert {name: each.value for name, each in made.given.items()} == {"a": 1, "c": {"d": 2}, "e": "content"}


def test_each_value_has_its_place() -> None:
    place = read("using 'x'\nparam a = 'abc'\n").given["a"].place
    assert place is not None
    assert (place.span(()).line, place.span(()).column, place.span(()).length) == (2, 11, 5)


def test_what_is_wrong_is_found() -> None:
    assert read("using 'x'\nparam a = toLower(1)\n").diagnostics
    assert read("using 'x'\nusing 'y'\n").diagnostics
    assert read("using '/x'\n").diagnostics
    assert read("using 'x'\nparam a string = 'x'\n").diagnostics
    assert read("using 'x'\nparam a = 'x' +\n").diagnostics
    assert read("using 'x'\nparam a = 1 + 'x'\n").diagnostics
