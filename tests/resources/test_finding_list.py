"""Findings get the place that the rule means."""

from tests.resources.manifests import UPLINK, read_clean

from tidegate.diagnostics import Diagnostic, Span
from tidegate.resources.base import ResourceKey
from tidegate.resources.finding_list import FindingList, in_order


def test_places() -> None:
    manifest = read_clean(UPLINK)
    findings = FindingList(manifest.source_map)
    key = ResourceKey("Dataflow", "uplink")
    findings.add("error", "a", "value", key, ("spec", "profileRef"))
    findings.add("warning", "b", "name", key, ("spec", "profileRef"), at="name")
    findings.add("information", "c", "characters", key, ("spec", "profileRef"), "hint", at=(2, 3))
    findings.add("error", "d", "nowhere", ResourceKey("Dataflow", "other"), ())
    spans = [diagnostic.span for diagnostic in findings.diagnostics]
    assert spans == [
        Span("manifest.yaml", 6, 15, 7),
        Span("manifest.yaml", 6, 3, 10),
        Span("manifest.yaml", 6, 17, 3),
        None,
    ]
    assert findings.diagnostics[2] == Diagnostic(
        "information", "c", "characters", "spec.profileRef", "Dataflow/uplink", spans[2], "hint"
    )


def test_order_is_that_of_the_texts() -> None:
    def at(file: str, line: int, column: int) -> Diagnostic:
        return Diagnostic("error", "x", f"{file}{line}{column}", span=Span(file, line, column))

    nowhere = Diagnostic("error", "x", "nowhere")
    found = [at("b", 2, 1), nowhere, at("a", 1, 1), at("b", 1, 5), at("b", 1, 2)]
    assert [each.message for each in in_order(found)] == ["b12", "b15", "b21", "a11", "nowhere"]
