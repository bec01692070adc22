"""The notations in which resources are written out."""

import json

import pytest
from tests.engine.stores import declared
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.engine.notations import NOTATIONS
from tidegate.resources.document import document_of

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary}\n---\n"


def test_manifests_read_back_the_same() -> None:
    resources = declared(DEFAULT, CLOUD, UPLINK).resources.declared
    written = NOTATIONS["yaml"].write(resources)
    again = declared(written.text)
    assert written.notes == () and again.diagnostics == ()
    assert [document_of(each) for each in again.resources.declared] == [document_of(each) for each in resources]


def test_a_template_is_json() -> None:
    written = NOTATIONS["arm"].write(declared(CLOUD, SECRET).resources.declared)
    assert len(json.loads(written.text)["resources"]) == 1
    assert written.notes == ("Secret/client is left out: Azure Resource Manager has no such type",)


def test_commands_name_what_they_cannot_say() -> None:
    tagged = UPLINK.replace("{name: uplink}", "{name: uplink, annotations: {tidegate.dev/filter-true: pass}}")
    written = NOTATIONS["cli"].write(declared(CLOUD, tagged, SECRET).resources.declared)
    assert "tidegate dataflow apply --name uplink --profile default --config-file /dev/stdin <<'END_OF" in written.text
    assert [note.split(" ")[0] for note in written.notes] == ["the", "Secret/client"]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_promise_06_no_notation_has_the_content_of_a_secret(notation: str) -> None:
    written = NOTATIONS[notation].write(declared(SECRET).resources.declared)
    assert "canary" not in written.text and "Y2FuYXJ5" not in written.text
    assert len(written.notes) == 1
