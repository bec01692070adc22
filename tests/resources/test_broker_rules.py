"""Rules across the broker's resources; most are in tests/cases/manifests/broker_*.case."""

from tidegate.resources.broker_rules import check_broker
from tidegate.resources.finding_list import FindingList
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText

TWO = """\
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: BrokerListener
metadata: {name: more}
spec: {ports: [{port: 1883}]}
"""


def test_two_listeners_of_one_service_type() -> None:
    declared = parse([SourceText("manifest.yaml", TWO)])
    findings = FindingList(declared.source_map)
    check_broker(declared.resources, None, findings)
    (finding,) = findings.diagnostics
    assert (finding.level, finding.code, finding.resource) == ("warning", "service-type", "BrokerListener/more")
