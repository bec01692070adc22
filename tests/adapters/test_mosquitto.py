"""Every golden case of an import says exactly what it should, and what comes out validates."""

import re
import subprocess
from pathlib import Path, PurePath

import pytest

from tidegate.adapters.mosquitto import Imported, import_bridges, mentioned_files
from tidegate.adapters.mosquitto_options import BRIDGE_OPTIONS
from tidegate.cli.output import render_diagnostics
from tidegate.diagnostics import has_errors
from tidegate.engine.plan import build, validate
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import SourceText
from tidegate.resources.yaml_writer import write_documents
from tidegate.settings import Settings

CASES = Path(__file__).parent.parent / "cases" / "mosquitto"
NAME = "mosquitto.conf"
FILES = {"ca.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}
SETTINGS = Settings(data_dir=PurePath("state"), no_broker=True)


def found_in(configuration: str) -> tuple[Imported, str]:
    """Import, and return what comes out as a case has it."""
    imported = import_bridges(configuration, NAME, FILES)
    said = render_diagnostics(imported.diagnostics, {NAME: imported.shown})
    yaml = write_documents(list(imported.documents)) if imported.documents else ""
    return imported, f"=== findings ===\n{said}=== resources ===\n{yaml}"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.case")), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    configuration, marker, expected = path.read_text().partition("=== findings ===\n")
    assert marker, f"{path.name} has no findings"
    imported, found = found_in(configuration)
    assert found == marker + expected
    if imported.documents:
        declared = parse([SourceText("bridge.yaml", found.partition("=== resources ===\n")[2])])
        across = validate(declared.resources, declared.source_map, SETTINGS, None)
        assert not has_errors((*declared.diagnostics, *across)), render_diagnostics(
            (*declared.diagnostics, *across), {}
        )
        assert build(declared.resources, SETTINGS).flows


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.case"))) > 10


BRIDGE = "connection cloud\naddress h\nbridge_certfile c\ntopic a/#\n"
CONVERTED = {
    "address": "other",
    "addresses": "other",
    "bridge_cafile": "ca.crt",
    "bridge_capath": "certificates",
    "bridge_certfile": "other",
    "bridge_keyfile": "k",
    "bridge_outgoing_retain": "false",
    "bridge_receive_maximum": "5",
    "bridge_session_expiry_interval": "5",
    "bridge_tls_use_os_certs": "true",
    "cleansession": "true",
    "clientid": "edge",
    "connection": "another",
    "keepalive_interval": "5",
    "remote_clientid": "edge",
    "topic": "b/#",
}


def test_each_option_without_a_finding_of_its_own_is_converted() -> None:
    assert set(CONVERTED) == {option for option, row in BRIDGE_OPTIONS.items() if row.level is None}


@pytest.mark.parametrize(("option", "value"), CONVERTED.items())
def test_what_is_converted_changes_what_comes_out(option: str, value: str) -> None:
    before = BRIDGE.replace("bridge_certfile c\n", "") if option == "bridge_tls_use_os_certs" else BRIDGE
    assert found_in(f"{before}{option} {value}\n")[1] != found_in(before)[1]


@pytest.mark.parametrize("option", sorted(set(BRIDGE_OPTIONS) - set(CONVERTED)))
def test_what_is_not_converted_is_told_unless_its_value_asks_for_nothing(option: str) -> None:
    row = BRIDGE_OPTIONS[option]
    before = len(found_in(BRIDGE)[0].diagnostics)
    imported, _ = found_in(f"{BRIDGE}{option} something\n")
    told = imported.diagnostics[-1]
    assert len(imported.diagnostics) == before + 1
    assert (told.level, told.message, told.hint, told.path) == (row.level, row.said, row.hint, option)
    for value in row.harmless:
        assert len(found_in(f"{BRIDGE}{option} {value.upper()}\n")[0].diagnostics) == before


def test_the_table_has_every_option_that_the_manual_of_this_machine_has() -> None:
    """Skipped where no manual is installed."""
    manual = subprocess.run(["man", "mosquitto.conf"], capture_output=True, text=True, check=False).stdout
    bridges = re.sub(".\b", "", manual).partition("CONFIGURING BRIDGES")[2].partition("\nFILES")[0]
    if not bridges:
        pytest.skip("the manual of mosquitto is not installed")
    options = {
        match[1]
        for match in re.finditer(r"^ {7}([a-z_0-9.]+)(?: |$)", bridges, re.MULTILINE)
        if "_" in match[1] or match[1] in BRIDGE_OPTIONS
    }
    assert len(options) > 30
    assert options <= set(BRIDGE_OPTIONS)


def test_no_secret_is_shown_or_written() -> None:
    secrets = "  remote_password geheim\nlocal_password geheim\nbridge_psk geheim\nPASSWORD geheim\n"
    text = f"connection c\naddress h\n{secrets}topic #\n"
    imported, found = found_in(text)
    assert "geheim" not in found
    assert "geheim" not in repr(imported.documents)
    assert "geheim" not in imported.shown


def test_the_files_of_authorities_are_asked_for_and_no_others() -> None:
    text = "bridge_cafile a.crt\nbridge_keyfile key\nbridge_certfile c\nbridge_cafile b.crt\n#bridge_cafile no\n"
    assert mentioned_files(text) == ["a.crt", "b.crt"]


def test_a_file_that_holds_a_key_is_not_taken_for_certificates() -> None:
    files = {"ca.crt": FILES["ca.crt"] + "-----BEGIN PRIVATE KEY-----\ngeheim\n"}
    imported = import_bridges("connection cloud\naddress h\ntopic #\nbridge_cafile ca.crt\n", NAME, files)
    assert "geheim" not in repr(imported)
    assert [each.code for each in imported.diagnostics if each.level == "warning"] == ["by-hand"]


def test_the_local_broker_may_be_named() -> None:
    text = "listener 8883\ncertfile c\nconnection cloud\naddress h\ntopic #\n"
    for local_host, host, mode in ((None, "localhost:8883", "Enabled"), ("edge:1884", "edge:1884", "Disabled")):
        imported = import_bridges(text, NAME, FILES, local_host=local_host)
        spec = imported.documents[0]["spec"]
        assert isinstance(spec, dict)
        assert (spec["mqttSettings"]["host"], spec["mqttSettings"]["tls"]) == (host, {"mode": mode})
