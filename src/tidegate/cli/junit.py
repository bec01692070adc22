"""Results of tests as JUnit XML, which build servers read.

Knows the form. Does not know what was tested.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

__all__ = ["TestCase", "junit_xml"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class TestCase(NamedTuple):
    """One test: `kind` is `failure` or `error` where it was not passed, and `text` says why."""

    file: str
    name: str
    line: int
    kind: str | None = None
    text: str = ""


def junit_xml(suite: str, cases: Iterable[TestCase]) -> bytes:
    """Return the report."""
    cases = list(cases)
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(each.kind == "failure" for each in cases)),
        "errors": str(sum(each.kind == "error" for each in cases)),
    }
    root = Element("testsuites", {"name": suite, **counts})
    by_file: dict[str, list[TestCase]] = {}
    for case in cases:
        by_file.setdefault(case.file, []).append(case)
    for file, of_file in by_file.items():
        failed = {kind: str(sum(each.kind == kind for each in of_file)) for kind in ("failure", "error")}
        below = SubElement(
            root,
            "testsuite",
            name=_plain(file),
            tests=str(len(of_file)),
            failures=failed["failure"],
            errors=failed["error"],
        )
        for case in of_file:
            told = SubElement(
                below,
                "testcase",
                classname=_plain(file),
                name=_plain(case.name),
                file=_plain(file),
                line=str(case.line),
            )
            if case.kind is not None:
                first = case.text.split("\n", 1)[0]
                SubElement(told, case.kind, message=_plain(first)).text = _plain(case.text)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _plain(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
