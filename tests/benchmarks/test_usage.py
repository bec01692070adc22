"""What a process has used, against what it is known to have used."""

import os
import subprocess
import sys
import time

import pytest
from benchmarks.usage import processor_seconds, resident_bytes, resident_bytes_max

BURN = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass\n"
PARENT = (
    f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\nprint('done', flush=True)\ninput()\n"
)


def test_processor_time_is_that_of_the_process() -> None:
    assert processor_seconds(os.getpid()) == pytest.approx(time.process_time(), abs=60)
    before = processor_seconds(os.getpid())
    exec(BURN)
    assert processor_seconds(os.getpid()) - before >= 0.05


def test_processor_time_includes_children_that_have_ended() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        assert processor_seconds(process.pid) >= 0.05
        process.kill()


def test_resident_memory_grows_with_what_is_held() -> None:
    before = resident_bytes(os.getpid())
    held = b"x" * 50_000_000
    assert resident_bytes(os.getpid()) - before > 40_000_000
    assert resident_bytes_max(os.getpid()) >= len(held)
