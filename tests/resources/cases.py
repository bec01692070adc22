"""Golden cases: manifests and the exact text of what is found in them. `tests/cases/manifests/README.md` has the form."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePath

from tidegate.cli.output import render_diagnostics
from tidegate.engine.plan import validate
from tidegate.resources.finding_list import in_order
from tidegate.resources.manifest import parse
from tidegate.resources.references import SecretNames
from tidegate.resources.source_map import SourceText
from tidegate.settings import Settings

CASES = Path(__file__).parent.parent / "cases" / "manifests"
EXPECTED = "=== expected ===\n"

_SECTION = re.compile(r"^=== (file|with|setting|secret|config map|schema) (.+) ===\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One case file, read."""

    sources: tuple[SourceText, ...]
    settings: Settings
    secrets: SecretNames
    schemas: dict[str, str] | None
    expected: str

    def found(self) -> str:
        """Return what is found, as `tidegate validate` prints it."""
        declared = parse(self.sources)
        across = validate(declared.resources, declared.source_map, self.settings, self.secrets, self.schemas)
        return render_diagnostics(in_order((*declared.diagnostics, *across)), declared.lines)


def read_case(path: Path) -> Case:
    """Read a case file. Anything it holds that is no known section is part of a manifest."""
    given, marker, expected = path.read_text(encoding="utf-8").partition(EXPECTED)
    assert marker, f"{path.name} has no line `{EXPECTED.strip()}`"
    parts = _SECTION.split(given)
    sources = [SourceText("manifest.yaml", parts[0])] if parts[0].strip() else []
    options: set[str] = set()
    schemas: dict[str, str] = {}
    keys: dict[str, dict[str, frozenset[str]]] = {"secret": {}, "config map": {}}
    for word, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if word == "file":
            sources.append(SourceText(name, body))
        elif word == "with":
            sources.insert(0, SourceText(name, (CASES / name).read_text(encoding="utf-8")))
            if body.strip():
                sources.append(SourceText("manifest.yaml", body))
        elif word == "setting":
            options.add(name)
        elif word == "schema":
            schemas[name] = body
        else:
            keys[word][name] = frozenset(body.split())
    settings = Settings(
        data_dir=PurePath("state"),
        allow_remote_only="allow-remote-only" in options,
        datasets_dir=PurePath("datasets") if "datasets-dir" in options else None,
        no_broker="broker" not in options,
    )
    found = schemas if schemas or "schemas" in options else None
    return Case(tuple(sources), settings, SecretNames(keys["secret"], keys["config map"]), found, expected)
