"""`cli/junit.py`."""

from xml.etree.ElementTree import fromstring

from tidegate.cli.junit import TestCase as Case
from tidegate.cli.junit import junit_xml


def test_the_form() -> None:
    cases = [
        Case("a.yaml", "good", 3),
        Case("a.yaml", "bad <&>", 9, "failure", "first\nsecond \x00 \ud800"),
        Case("b.yaml", "broken", 1, "error", "no"),
    ]
    root = fromstring(junit_xml("tidegate test", cases))
    assert root.attrib == {"name": "tidegate test", "tests": "3", "failures": "1", "errors": "1"}
    assert [(each.attrib["name"], each.attrib["tests"], each.attrib["failures"]) for each in root] == [
        ("a.yaml", "2", "1"),
        ("b.yaml", "1", "0"),
    ]
    good, bad = root[0]
    assert list(good) == []
    assert bad.attrib == {"classname": "a.yaml", "name": "bad <&>", "file": "a.yaml", "line": "9"}
    assert bad[0].tag == "failure"
    assert bad[0].attrib["message"] == "first"
    assert bad[0].text == "first\nsecond \ufffd \ufffd"
