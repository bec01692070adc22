"""Resources of Azure Resource Manager, written."""

import json

import pytest
from tests.resources.arm_resources import DATAFLOWS, ENDPOINTS, LISTENERS
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read_clean

from tidegate.resources.arm_form import names_of, properties_of, tags_of, template
from tidegate.resources.base import Resource
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText
from tidegate.templates.given import Given
from tidegate.templates.template import evaluate_template, read_template

ANNOTATED = UPLINK.replace(
    "{name: uplink}",
    "{name: uplink, annotations: {tidegate.dev/filter-true: pass, owner: anna, example.com/tool: x}}",
).replace("dataDestination", "headers: [{actionType: Remove, key: k}], dataDestination")

LISTENER = """
apiVersion: mqttbroker.iotoperations.azure.com/v1
kind: BrokerListener
metadata: {name: open}
spec:
  ports: [{port: 1883}]
---
"""

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: client}
stringData: {key: canary}
---
"""


def one(text: str) -> Resource:
    (resource,) = read_clean(text).resources.declared
    return resource


def test_names_hold_the_parents() -> None:
    assert names_of(one(CLOUD), "plant") == ("plant", "cloud")
    assert names_of(one(UPLINK), "plant") == ("plant", "default", "uplink")
    assert names_of(one(LISTENER), "plant") == ("plant", "default", "open")


def test_properties_are_what_was_written_as_far_as_the_version_has_it() -> None:
    properties = properties_of(one(ANNOTATED))
    assert set(properties) == {"operations"}
    assert "headers" in str(properties)
    assert "headers" not in str(properties_of(one(ANNOTATED), "2025-04-01"))
    anonymous = one(CLOUD.replace("{method: Anonymous}", "{method: Anonymous, anonymousSettings: {}}"))
    assert properties_of(anonymous) == properties_of(one(CLOUD))
    assert properties_of(one(LISTENER)) == {"ports": [{"port": 1883}]}


def test_annotations_of_ours_and_of_people_travel_as_tags() -> None:
    assert tags_of(one(ANNOTATED)) == {"tidegate.dev/filter-true": "pass", "owner": "anna"}
    assert tags_of(one(CLOUD)) == {}


def test_a_template_of_several_in_which_nothing_is_secret() -> None:
    resources = read_clean(DEFAULT, CLOUD, ANNOTATED, LISTENER, SECRET).resources.declared
    made, left_out = template(resources, "2025-10-01")
    assert left_out == (ResourceKey("Secret", "client"),) and "canary" not in str(made)
    assert set(made) == {"$schema", "contentVersion", "parameters", "resources"}
    entries = made["resources"]
    assert isinstance(entries, list)
    assert [each["type"] for each in entries] == [LISTENERS, DATAFLOWS, ENDPOINTS, ENDPOINTS]
    flow = entries[1]
    assert flow["name"] == "[format('{0}/default/uplink', parameters('aioInstanceName'))]"
    assert flow["dependsOn"] == [
        f"[resourceId('{ENDPOINTS}', parameters('aioInstanceName'), 'default')]",
        f"[resourceId('{ENDPOINTS}', parameters('aioInstanceName'), 'cloud')]",
    ]
    assert flow["tags"] == {"tidegate.dev/filter-true": "pass", "owner": "anna"}
    assert flow["extendedLocation"] == {
        "name": "[resourceId('Microsoft.ExtendedLocation/customLocations', parameters('customLocationName'))]",
        "type": "CustomLocation",
    }
    assert "tags" not in entries[2] and "dependsOn" not in entries[2]


def test_a_text_in_brackets_is_no_expression() -> None:
    bracketed = UPLINK.replace("plant/#", "'[parameters]'").replace("north/${inputTopic}", "'[half'")
    made, _ = template([one(bracketed)])
    assert "'[[parameters]'" in str(made) and "'[half'" in str(made)


@pytest.mark.parametrize("parent", ["o'hara", "{0}", "a{b", "}{{1}''"])
def test_a_parent_is_named_in_expressions_whatever_its_name(parent: str) -> None:
    flow = UPLINK.replace("profileRef: default", f"profileRef: {json.dumps(parent)}")
    ports = LISTENER.replace("spec:", f"spec:\n  brokerRef: {json.dumps(parent)}")
    made, _ = template([one(flow), one(ports)])
    whole, _ = read_template(SourceText("main.json", json.dumps(made)))
    assert whole is not None
    given = {"aioInstanceName": Given("plant"), "customLocationName": Given("site")}
    evaluated = evaluate_template(whole, given)
    assert evaluated.diagnostics == ()
    assert [each.names for each in evaluated.resources] == [("plant", parent, "uplink"), ("plant", parent, "open")]
