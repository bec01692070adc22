"""The shape of the code, checked by reading it. Each check returns findings; a finding says where, what and how to mend it.

An exemption is a row with its reason in one of the tables below; a row that is needed no longer is a finding too.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tidegate"
TESTS = ROOT / "tests"

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
LINE_EXEMPTIONS: dict[str, str] = {
    "flow/relay.py": "the one class that holds the promise is read in one piece; what could leave it has left",
}
"""Files of `src/tidegate` longer than `FILE_LINES_MAX`, and functions (`file:name`) longer than `FUNCTION_LINES_MAX`."""

TEST_FILE_EXEMPTIONS: dict[str, str] = {}
"""Files of `src/tidegate` with functions and without a test file of their own."""

TASK_STARTERS = {"create_task", "ensure_future"}
TASK_FILE = "net/tasks.py"

PURE = (
    "message",
    "exceptions",
    "diagnostics",
    "settings",
    "moment",
    "mqtt",
    "transform",
    "resources",
    "flow",
    "broker",
    "templates",
    "bicep",
    "adapters",
)
IMPURE_MODULES = re.compile(
    r"(?:asyncio|logging|os|random|secrets|socket|sqlite3|ssl|subprocess|threading|time|uuid)(?:\..*)?"
)
IMPURE_CALLS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "open", "input"}

ABBREVIATIONS = dict(
    re.findall(
        r"(\w+)=(\w+)",
        """
        buf=buffer cb=callback cfg=configuration cmd=command cnt=count conn=connection ctx=context dst=destination
        evt=event idx=index mid=packet_id msg=message num=count pkid=packet_id pkt=packet req=request resp=response
        sess=session tmp=temporary helper=its_subject helpers=their_subject mgr=its_subject misc=its_subject
        util=its_subject utils=their_subject
        """,
    )
)

NAME_EXEMPTIONS = {"cli_ctx": "knack passes it by this name"}

REMINDERS = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK", "XX" + "X")) + r"\b)")
MACHINE_PLACES = re.compile(r"(?<![\w.$}])/(?:root|home|work|opt|tmp|Users)/|\b(?:pypi\.org|pythonhosted\.org)\b")
PRIVATE_ADDRESS = re.compile(
    r"(?<![\w.\-])(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254)\.\d{1,3}\.\d{1,3}(?![\w.])"
)

Finding = str


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Return a source file's name below the package, with forward slashes."""
    return path.relative_to(SOURCE).as_posix()


def sources() -> list[Path]:
    """Return the files of the package."""
    return sorted(SOURCE.rglob("*.py"))


def repository_files() -> list[Path]:
    """Return the files that are, or are about to be, in the repository; without git, all but those of tools."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        kept = {".ci", ".gitignore"}
        paths = [
            path
            for path in ROOT.rglob("*")
            if all(part in kept or not part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
        ]
    return sorted(path for path in paths if path.is_file())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of a file, methods and inner ones included."""
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_pure(path: Path) -> bool:
    """Tell whether a file belongs to the packages that do no I/O (docs/design.md, section Layers)."""
    return name_of(path).removesuffix(".py").split("/")[0] in PURE


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name of what is called, as it is written: `print`, `loop.create_task`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, ast.unparse(node.func)


def imported(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each import as module and name: `("tidegate.mqtt", "packets")`; the name is None for `import module`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, alias.name) for alias in node.names)


def check_test_files() -> Iterator[Finding]:
    """Every source file that has a function has a test file at the mirrored path."""
    for path in sources():
        name = name_of(path)
        stem = path.parent.name if path.name == "__init__.py" else path.stem
        test = TESTS / path.parent.relative_to(SOURCE) / f"test_{stem.strip('_')}.py"
        wanted = bool(functions(path)) and not test.exists()
        if wanted and name not in TEST_FILE_EXEMPTIONS:
            yield f"{name} has no test file: write {test.relative_to(ROOT)}"
        if not wanted and name in TEST_FILE_EXEMPTIONS:
            yield f"{name} needs no exemption from having a test file: remove it"


def check_lengths() -> Iterator[Finding]:
    """Files and functions are short."""
    lengths = {name_of(path): (len(path.read_text().splitlines()), FILE_LINES_MAX) for path in sources()}
    for path in sources():
        for function in functions(path):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            lengths[f"{name_of(path)}:{function.name}"] = (length, FUNCTION_LINES_MAX)
    for name, (length, allowed) in lengths.items():
        if length > allowed and name not in LINE_EXEMPTIONS:
            yield f"{name} has {length} lines, {allowed} are allowed: split it where its subject splits"
    for name in LINE_EXEMPTIONS:
        if name not in lengths or lengths[name][0] <= lengths[name][1]:
            yield f"{name} needs no exemption from its length: remove it"


def check_tasks() -> Iterator[Finding]:
    """One file starts tasks, so that each has a name, a reference and somebody who sees its failure."""
    for path in sources():
        if name_of(path) != TASK_FILE:
            yield from (
                f"{name_of(path)}:{line}: {name}: use {TASK_FILE}"
                for line, name in calls(path)
                if name.split(".")[-1] in TASK_STARTERS
            )


def check_purity() -> Iterator[Finding]:
    """Pure packages read no clock, draw no chance and do no I/O."""
    for path in filter(is_pure, sources()):
        for module, name in imported(path):
            if IMPURE_MODULES.fullmatch(module):
                yield f"{name_of(path)} imports {module}: take what it gives as an argument"
            if module == "pathlib" and name != "PurePath":
                yield f"{name_of(path)} imports pathlib.{name}: only PurePath does no I/O"
        yield from (
            f"{name_of(path)}:{line}: {name}(): take what it gives as an argument"
            for line, name in calls(path)
            if name in IMPURE_CALLS
        )


def check_prints() -> Iterator[Finding]:
    """Only the command line prints; everything else has telemetry."""
    for path in sources():
        if not name_of(path).startswith("cli/"):
            yield from (f"{name_of(path)}:{line}: print outside cli" for line, name in calls(path) if name == "print")


def check_public_names() -> Iterator[Finding]:
    """`__all__` names what is there, each public function and class, and whatever another file imports."""
    used: dict[str, set[str]] = {}
    for path in sources():
        for module, name in imported(path):
            if name is not None:
                used.setdefault(module, set()).add(name)
    for path in sources():
        module = module_name(path)
        here, definitions = top_level_names(tree(path))
        promised = declared_names(tree(path))
        public = {name for name in definitions if not name.startswith("_")}
        lent = {name for name in used.get(module, set()) & here if not name.startswith("_")}
        children = {child.stem for child in path.parent.iterdir()} if path.name == "__init__.py" else set()
        for name in sorted((public | lent) - promised - children):
            yield f"{name_of(path)}: {name} is public: add it to __all__, or begin its name with _"
        for name in sorted(promised - here):
            yield f"{name_of(path)}: __all__ names {name}, which is not there"
        for name in sorted(used.get(module, set())):
            if name.startswith("_") and not name.startswith("__"):
                yield f"{name_of(path)}: {name} is imported by another file: make it public"


def module_name(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def top_level_names(module: ast.Module) -> tuple[set[str], set[str]]:
    """Return all names bound at the top level, and those of them that are functions and classes made here."""
    names: set[str] = set()
    definitions: set[str] = set()
    for node in ast.walk(ast.Module([child for child in module.body if not isinstance(child, ast.ClassDef)], [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            definitions.add(node.name)
    return names | definitions, definitions


def declared_names(module: ast.Module) -> set[str]:
    """Return what `__all__` holds."""
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "__all__" for name in node.targets
        ):
            return set(ast.literal_eval(node.value))
    return set()


def check_package_docstrings() -> Iterator[Finding]:
    """Every package says what it knows and what it does not."""
    for path in sources():
        docstring = ast.get_docstring(tree(path)) or ""
        if not docstring:
            yield f"{name_of(path)} has no docstring"
        elif path.name == "__init__.py" and path.parent != SOURCE:
            words = " ".join(docstring.split())
            if not re.search(r"\b[Kk]nows?\b", words) or not re.search(
                r"\b([Dd]oes not|[Kk]nows nothing|[Nn]ever)\b", words
            ):
                yield f"{name_of(path)} does not say what the package knows and what it does not know"


def check_dead_modules() -> Iterator[Finding]:
    """Every file is imported by another one, or named as text where a verb or an entry point is looked up."""
    reached = {"tidegate", "tidegate.cli"}
    for path in sources():
        own = module_name(path)
        for module, name in imported(path):
            reached |= {module, f"{module}.{name}"} - {own}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                reached |= set(re.findall(r"\btidegate(?:\.\w+)+", node.value)) - {own}
    for path in sources():
        package = module_name(path).rpartition(".")[0] if path.name != "__init__.py" else module_name(path)
        is_entry = path.name == "__main__.py" or any(other.startswith(package + ".") for other in reached)
        if not (module_name(path) in reached or (path.name in ("__init__.py", "__main__.py") and is_entry)):
            yield f"{name_of(path)} is imported by nothing: use it or remove it"


def check_abbreviations() -> Iterator[Finding]:
    """Names are words (the glossary's, where it has one)."""
    for path in sources():
        names = {path.stem}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
        for name in sorted(names - NAME_EXEMPTIONS.keys()):
            for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name):
                if word.lower() in ABBREVIATIONS:
                    yield f"{name_of(path)}: {name}: say {ABBREVIATIONS[word.lower()]}"


def check_texts() -> Iterator[Finding]:
    """No file of the repository holds a reminder, or a place or host of somebody's machine."""
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        name = path.relative_to(ROOT).as_posix()
        for number, line in enumerate(text.splitlines(), 1):
            if REMINDERS.search(line):
                yield f"{name}:{number}: a reminder: do it, or write an issue"
            if str(ROOT) in line or (path != Path(__file__) and MACHINE_PLACES.search(line)):
                yield f"{name}:{number}: a place on somebody's machine, or a registry"
            if PRIVATE_ADDRESS.search(line):
                yield f"{name}:{number}: an address of somebody's network: use 127.0.0.1 or one of RFC 5737"


CHECKS = [value for key, value in list(globals().items()) if key.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_tidy(check: Callable[[], Iterator[Finding]]) -> None:
    findings = "\n".join(check())
    if findings:
        pytest.fail(findings, pytrace=False)


def test_addresses_of_somebodys_network_are_told_from_others() -> None:
    others = ["127.0.0.1:1883", "see 192.0.2.7", "0.0.0.0", "section 3.8.3.1", "version 10.0.11-1"]
    private = [".".join(parts) for parts in (("10", "1", "2", "3"), ("192", "168", "0", "9"), ("172", "20", "0", "1"))]
    assert [text for text in others + private if PRIVATE_ADDRESS.search(text)] == private
