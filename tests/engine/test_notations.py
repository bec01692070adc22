"""The notations in which resources are written out."""

import json
import shlex

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from tests.engine.stores import declared
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.resources.random_resources import resources
from tests.resources.test_round_trips import said

from tidegate.cli.azure import declared as declared_by_azure
from tidegate.engine.notations import NOTATIONS
from tidegate.resources.document import document_of
from tidegate.resources.source_map import SourceText

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


@pytest.mark.parametrize("kind", ["DataflowEndpoint", "DataflowProfile", "Dataflow"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=some.data())
def test_random_resources_are_the_same_after_commands(kind: str, data: some.DataObject) -> None:
    """What stands between the marks is what `--config-file` is given; annotations have no flag."""
    found = data.draw(resources(kind))
    assume("debuggingSettings" not in str(document_of(found)))
    head, _, rest = NOTATIONS["cli"].write([found]).text.partition("\n")
    end = head.rpartition("<<'")[2].rstrip("'")
    options = shlex.split(head.partition(" <<")[0])
    profile = options[options.index("--profile") + 1] if "--profile" in options else None
    names = (profile, found.name) if profile is not None else (found.name,)
    read = declared_by_azure(found.key, names, SourceText("config.json", rest.partition(f"\n{end}\n")[0]))
    assert read.diagnostics == ()
    assert said(read.resources.declared[0])["spec"] == said(found)["spec"]
