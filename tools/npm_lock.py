"""Renews each `package-lock.json` from the `package.json` beside it: versions and hashes, and no addresses.

usage: python -m tools.npm_lock

Like the other lock files it takes up versions that are at least a week old, and leaves to the machine that installs them
where packages come from.
"""

import datetime
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
FOLDERS = (REQUIREMENTS, REQUIREMENTS / "node-red")
AGE_DAYS = 7
LEFT_OUT = ("resolved", "funding", "license", "engines", "bin")
"""What npm notes of a package and does not need to install it; the first two are addresses."""


def renew(folder: Path) -> None:
    """Ask npm for the newest versions that are old enough, and keep of its answer what installing takes."""
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=AGE_DAYS)
    with tempfile.TemporaryDirectory(prefix="tidegate-npm-") as name:
        shutil.copy(folder / "package.json", name)
        options = ["--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", f"--before={before:%Y-%m-%d}"]
        subprocess.run(["npm", "install", "--loglevel=error", *options], cwd=name, check=True)  # noqa: S603, S607
        lock = json.loads((Path(name) / "package-lock.json").read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        for key in LEFT_OUT:
            package.pop(key, None)
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    (folder / "package-lock.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in FOLDERS:
        renew(each)
