"""From paths to a plan."""

from pathlib import Path

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK

from tidegate.engine.load import Loaded, load
from tidegate.engine.schema_folder import SchemaFolder
from tidegate.resources.schema_reference import SchemaReference
from tidegate.settings import Settings, TokenSettings

X509 = CLOUD.replace("{method: Anonymous}", "{method: X509Certificate, x509CertificateSettings: {secretRef: client}}")


def loaded(tmp_path: Path, *texts: str, with_directories: bool = True) -> Loaded:
    manifests = tmp_path / "manifests"
    manifests.mkdir(exist_ok=True)
    for index, text in enumerate(texts):
        (manifests / f"{index}.yaml").write_text(text)
    secrets = tmp_path if with_directories else None
    return load([manifests], Settings(data_dir=tmp_path, secrets_dir=secrets, configmaps_dir=secrets))


def test_a_plan_from_several_files(tmp_path: Path) -> None:
    found = loaded(tmp_path, DEFAULT, CLOUD, UPLINK)
    assert found.diagnostics == ()
    assert found.plan is not None
    assert [flow.name for flow in found.plan.flows] == ["uplink"]


def test_a_schema_is_read_from_the_registry(tmp_path: Path) -> None:
    flow = UPLINK.replace("dataSources:", "schemaRef: aio-sr://plant/oven:1, dataSources:")
    flow = flow.replace("{name: uplink}", "{name: uplink, annotations: {tidegate.dev/source-schema: validate}}")
    path = tmp_path / "flows.yaml"
    path.write_text(DEFAULT + CLOUD + flow)
    settings = Settings(data_dir=tmp_path, schemas_dir=tmp_path / "schemas")
    assert [each.code for each in load([path], settings).diagnostics] == ["no-such-folder", "schema"]
    SchemaFolder(tmp_path / "schemas").add(SchemaReference("plant", "oven", 1), "{}")
    found = load([path], settings)
    assert found.plan is not None
    assert found.plan.flows[0].transform.payload_schema == "{}"


def test_no_plan_with_an_error(tmp_path: Path) -> None:
    found = loaded(tmp_path, DEFAULT, UPLINK)
    assert found.plan is None
    assert [diagnostic.code for diagnostic in found.diagnostics] == ["missing-reference"]
    assert set(found.lines) == {str(tmp_path / "manifests" / name) for name in ("0.yaml", "1.yaml")}


def test_warnings_stay_with_the_plan(tmp_path: Path) -> None:
    found = loaded(tmp_path, DEFAULT.replace("    host:", "    qos: 0\n    host:"), CLOUD, UPLINK)
    assert found.plan is not None
    assert found.plan.diagnostics == found.diagnostics
    assert [diagnostic.level for diagnostic in found.diagnostics] == ["warning"]


def test_secrets_are_looked_for_in_directories(tmp_path: Path) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "client_cert.pem").write_text("x")
    assert [each.code for each in loaded(tmp_path, DEFAULT, X509, UPLINK).diagnostics] == ["missing-key"]
    (tmp_path / "client" / "client_key.pem").write_text("x")
    assert loaded(tmp_path, DEFAULT, X509, UPLINK).plan is not None
    without = loaded(tmp_path, DEFAULT, X509, UPLINK, with_directories=False)
    assert [each.code for each in without.diagnostics] == ["missing-reference"]


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "client").write_text("no folder")
    found = loaded(tmp_path, DEFAULT, X509, UPLINK)
    assert found.plan is None
    assert "unreadable" in [each.code for each in found.diagnostics]


def test_nothing_that_was_declared_is_nothing_to_run(tmp_path: Path) -> None:
    found = loaded(tmp_path, "# nothing\n")
    assert found.plan is not None
    assert found.plan.flows == ()


def test_promise_05_files_with_secrets_that_others_may_read_are_warned_of(open_folder: Path) -> None:
    (open_folder / "client").mkdir()
    for name in ("client_cert.pem", "client_key.pem"):
        (open_folder / "client" / name).write_text("x")
        (open_folder / "client" / name).chmod(0o644)
    token = open_folder / "a token"
    token.write_text("x")
    token.chmod(0o666)
    (open_folder / "flow.yaml").write_text("\n---\n".join((DEFAULT, X509, UPLINK)))
    tokens = TokenSettings(files=(("other", token),))
    settings = Settings(data_dir=open_folder, secrets_dir=open_folder, tokens=tokens)
    found = load([open_folder / "flow.yaml"], settings)
    assert found.plan is not None
    assert [(each.level, each.code, each.message, each.hint) for each in found.diagnostics] == [
        (
            "warning",
            "loose-mode",
            f"the file {open_folder}/client/client_key.pem holds a secret and may be read by everybody on this machine "
            "(mode 0644)",
            f"chmod g-w,o-rwx {open_folder}/client/client_key.pem",
        ),
        (
            "warning",
            "loose-mode",
            f"the file {token} holds a secret and may be changed by everybody on this machine (mode 0666)",
            f"chmod g-w,o-rwx '{token}'",
        ),
    ]
