"""What a process and its descendants have used, as Linux tells it."""

import os
import time
from pathlib import Path

__all__ = ["processor_seconds", "resident_bytes", "resident_bytes_max"]

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def processor_seconds(process_id: int) -> float:
    """Return the processor time (user and system) of a process, its living descendants, and its reaped children.

    The living are read from their processor clocks, which count nanoseconds where `/proc/PID/stat` counts ticks.
    """
    total = 0.0
    for member in _family(process_id):
        # clock_getcpuclockid(3): the clock of a process is the complement of its id, shifted by three, plus 2 (CPUCLOCK_SCHED).
        total += time.clock_gettime((~member << 3) | 2)
        total += _reaped_seconds(member)
    return total


def resident_bytes(process_id: int) -> int:
    """Return the resident memory of a process and its descendants, in bytes."""
    return sum(
        int(Path(f"/proc/{member}/statm").read_text().split()[1]) * _PAGE_BYTES for member in _family(process_id)
    )


def resident_bytes_max(process_id: int) -> int:
    """Return the highest resident memory that a process and its descendants ever had, in bytes."""
    total = 0
    for member in _family(process_id):
        for line in Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) * 1024
    return total


def _family(process_id: int) -> list[int]:
    family = [process_id]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            family += [int(child) for child in children.read_text().split()]
    return family


def _reaped_seconds(process_id: int) -> float:
    # The command, second field, may hold spaces; it ends with the last parenthesis. cutime and cstime are fields 16 and 17.
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS_PER_SECOND
