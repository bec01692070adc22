"""`engine/visible.py`: built-in resources, and what hides them."""

from pathlib import Path

from tests.engine.control_stand_in import answering
from tests.engine.stores import declared
from tests.engine.test_workspace import opened
from tests.resources.manifests import CLOUD, DEFAULT
from tests.store.resource_stores import ANNA, WALL

from tidegate.engine.changes import Edit
from tidegate.engine.given import given_by
from tidegate.engine.visible import visible
from tidegate.resources.resource_key import ResourceKey
from tidegate.settings import Settings

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {a: canary}\n---\n"
OWN, CLOUDS = ResourceKey("DataflowEndpoint", "default"), ResourceKey("DataflowEndpoint", "cloud")


def test_what_is_built_in_is_hidden_by_what_is_stored(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as workspace:
        assert visible(workspace)[OWN].is_built_in
        workspace.apply(Edit(put=declared(DEFAULT, CLOUD, SECRET)), ANNA, WALL)
        found = visible(workspace)
    assert found[OWN].stored is not None
    assert not found[OWN].is_built_in
    assert found[CLOUDS].resource.name == "cloud"
    assert list(found) == sorted(found)
    assert "Secret" not in {key.kind for key in found}


def test_what_a_file_gives_names_the_file(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "a.yaml"
    file.write_text(CLOUD)
    given = given_by([str(file)], Settings(data_dir=data, uses_store=True))
    with opened(data) as workspace:
        workspace.apply(Edit(put=declared(CLOUD)), ANNA, WALL)
    with answering(data, given=given, reload=b"null"), opened(data) as workspace:
        found = visible(workspace)[CLOUDS]
    assert (found.file, found.stored) == (str(file), None)
