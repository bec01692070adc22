"""The lock files: every package with its version and hashes, and no word of where it is downloaded from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
NEEDED = {
    "run.txt": PROJECT["project"]["dependencies"] + GROUPS["build"],
    "dev.txt": PROJECT["project"]["dependencies"] + GROUPS["build"] + GROUPS["dev"] + EXTRAS["azure"],
}


def locked(name: str) -> dict[str, str]:
    """Return the versions of a lock file by package, and assert that it holds nothing else but hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip().replace("\\\n", ""))
    versions = {}
    for entry in entries:
        found = re.fullmatch(r"([\w.-]+)==(\S+)( ; [^\\/:]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", entry)
        assert found, entry
        versions[found[1]] = found[2]
    return versions


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_needed_is_locked(name: str) -> None:
    names = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in NEEDED[name]}
    assert names - locked(name).keys() == set(), "run: make lock"


def test_tests_run_against_the_versions_that_users_get() -> None:
    run, development = locked("run.txt"), locked("dev.txt")
    assert {package: development.get(package) for package in run} == run


def test_the_lock_of_npm_holds_versions_and_hashes_and_no_address() -> None:
    text = (ROOT / "requirements" / "package-lock.json").read_text()
    assert "resolved" not in text
    assert re.search(r"\w:/|\bwww\.", text) is None
    root, *packages = json.loads(text)["packages"].values()
    assert root["dependencies"] == json.loads((ROOT / "requirements" / "package.json").read_text())["dependencies"]
    assert packages
    for package in packages:
        assert re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", package["version"]), package
        assert re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"]), package
