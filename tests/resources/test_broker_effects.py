"""What of the broker's resources has no effect; the texts are in tests/cases/manifests/broker_*.case."""

from tidegate.resources.broker_effects import check_broker_effects
from tidegate.resources.finding_list import FindingList
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText

BROKER = """\
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: Broker
metadata: {name: default}
spec: {persistence: {subscriberQueue: {mode: All}}}
"""


def test_nothing_is_said_of_what_is_built_in_or_has_an_effect() -> None:
    for texts in ([], [SourceText("manifest.yaml", BROKER)]):
        declared = parse(texts)
        findings = FindingList(declared.source_map)
        check_broker_effects(declared.resources, findings)
        assert findings.diagnostics == []
