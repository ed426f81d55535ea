"""What a process asks of the kernel, asked of a real one in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASK = """
import ctypes
from edge import kernel
ask = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
print(ask())
kernel.leave_no_dump()
print(ask())
"""


def test_a_process_that_leaves_no_dump_is_not_dumpable() -> None:
    told = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "0"]


def test_a_child_whose_parent_ended_before_it_asked_ends_itself() -> None:
    late = [sys.executable, "-c", "from edge import kernel; kernel.end_with(1 << 30); print('runs on')"]
    child = subprocess.run(late, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (child.returncode, child.stdout) == (143, "")
