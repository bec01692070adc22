"""Under which conditions a table came about: figures without them mean nothing."""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.processes import mosquitto_path
from benchmarks.wire import TOPIC, WINDOW

__all__ = ["conditions"]


def conditions(runs: int, load: str) -> str:
    """Return a paragraph; `load` says how many messages a run had."""
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {_processor()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"all processes on loopback and sharing these cores. Tidegate {_version('tidegate')}, Python "
        f"{_python()}, uvloop {_version('uvloop')}, mqtt5 {_version('mqtt5')}, mosquitto {_mosquitto()}. "
        f"MQTT 5, window {WINDOW} on both sides of either bridge, topic `{TOPIC}`, {load}; medians of {runs} "
        f"run{'' if runs == 1 else 's'}, in turn, ± half the distance between the extremes; the ratio is the median of the "
        "runs' ratios. A run counts only if every message arrived, once."
    )


def _processor() -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1] if match else platform.machine()


def _python() -> str:
    # A distribution's interpreter is built with profile-guided optimisation; others often are not, and take a tenth more time.
    return f"{platform.python_version()} ({'the system' if sys.base_prefix == '/usr' else 'not the system'}'s)"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _mosquitto() -> str:
    program = mosquitto_path()
    if program is None:
        return "not installed"
    # It has no --version; the help, which exits 3, begins with it.
    text = subprocess.run([program, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    match = re.search(r"version (\S+)", text)
    return match[1] if match else "of unknown version"
