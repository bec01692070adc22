"""Rules about the two sides. The sentences are in tests/cases/manifests; here is what they add up to."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.resources.finding_list import FindingList
from tidegate.resources.resolved_flow import resolve, resolve_endpoint
from tidegate.resources.side_rules import check_endpoint, check_filters, check_sides, check_unused_settings


def codes(*texts: str, allow_remote_only: bool = False) -> list[str]:
    manifest = read_clean(*texts)
    resources = manifest.resources
    findings = FindingList(manifest.source_map)
    flow = resolve(resources.dataflows["uplink"], resources)
    assert flow is not None
    check_filters(flow.dataflow, findings)
    check_endpoint(flow.source, findings)
    check_endpoint(flow.destination, findings)
    check_sides(flow, allow_remote_only=allow_remote_only, findings=findings)
    check_unused_settings([flow], findings)
    return [diagnostic.code for diagnostic in findings.diagnostics]


def test_an_ordinary_flow_has_no_findings() -> None:
    assert codes(DEFAULT, CLOUD, UPLINK) == []


def test_the_local_broker_rule_can_be_lifted() -> None:
    remote = UPLINK.replace("endpointRef: default", "endpointRef: cloud")
    assert codes(CLOUD, remote) == ["local-broker"]
    assert codes(CLOUD, remote, allow_remote_only=True) == []


def test_settings_of_an_endpoint_used_on_both_sides_have_an_effect() -> None:
    both = DEFAULT.replace("    host: ", "    retain: Never\n    host: ")
    assert codes(both, CLOUD, UPLINK) == ["no-effect"]
    assert codes(both, UPLINK.replace("endpointRef: cloud", "endpointRef: default")) == []


def test_an_endpoint_is_found_by_name_alone() -> None:
    assert resolve_endpoint("nowhere", read_clean("").resources) is None
