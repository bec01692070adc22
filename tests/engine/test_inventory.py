"""Every resource there is to show."""

from pathlib import Path

from tests.engine.control_stand_in import answering
from tests.engine.stores import declared
from tests.engine.test_workspace import opened
from tests.resources.manifests import CLOUD, DEFAULT, UPLINK
from tests.store.resource_stores import ANNA, WALL

from tidegate.engine.changes import Edit
from tidegate.engine.given import given_by
from tidegate.engine.inventory import inventory, with_versions
from tidegate.settings import Settings

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary}\n---\n"


def test_the_store_and_the_files_of_the_engine(tmp_path: Path) -> None:
    data, files = tmp_path / "data", tmp_path / "files"
    with opened(data) as workspace:
        workspace.apply(Edit(put=declared(DEFAULT, CLOUD, UPLINK, SECRET)), ANNA, WALL)
    files.mkdir()
    file = files / "a.yaml"
    file.write_text(CLOUD + CLOUD.replace("name: cloud", "name: other") + SECRET)
    given = given_by([str(files)], Settings(data_dir=data, uses_store=True))
    with answering(data, given=given, reload=b"null"), opened(data) as workspace:
        entries = inventory(workspace)
        shown = [(entry.key.name, entry.file) for entry in inventory(workspace, ["DataflowEndpoint"])]
    assert shown == [("cloud", str(file)), ("default", None), ("other", str(file))]
    assert [entry.key.kind for entry in entries] == ["Dataflow", *["DataflowEndpoint"] * 3, "Secret"]
    assert "canary" not in str(entries) and "Y2FuYXJ5" not in str([entry.document for entry in entries])


def test_what_the_store_knows_stands_under_the_names_of_kubernetes(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as workspace:
        workspace.apply(Edit(put=declared(CLOUD)), ANNA, WALL)
        (entry,) = inventory(workspace)
    assert with_versions(entry)["metadata"] == {
        "name": "cloud", "creationTimestamp": "2023-11-14T22:13:20Z", "generation": 1, "resourceVersion": "1",
    }  # fmt: skip
