"""Instructions of each stage of the hot path, by callgrind: a change of 2 % shows, however busy the machine is.

Callgrind counts what a virtual processor with AVX2 executes, so the figures are the same on every machine with the same
libraries, to less than a percent from run to run (encoding: 3); they say nothing about caches, waiting or the disk.
Beside each stage is the least that does its work, in the same run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from bench import clips
from bench.errors import BenchError, CannotMeasure
from bench.figures import Found, Given, Measured
from bench.hot import FRAMES, UNITS, prepare
from bench.side import Side

LONGEST_S: Final = 120.0
OUT: Final = "callgrind.out"


def measure(given: Given) -> Found:
    """The mean over `count` passes of every stage and its peer. Raises CannotMeasure without valgrind."""
    if shutil.which("valgrind") is None or shutil.which("callgrind_control") is None:
        raise CannotMeasure("no valgrind on this machine: install it")
    frames = clips.write_all(given.folder, FRAMES)["synthetic"]
    prepare(given.folder, given.count + 1)  # a first call is not counted
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={given.folder / OUT}"]
    command += [sys.executable, "-m", "bench.hot", str(frames), str(given.folder)]
    counts: dict[str, dict[str, list[int]]] = {}
    with Side(command) as hot:
        counter = _Counter(hot.pid, given.folder)
        for stage in UNITS:
            counts[stage] = {
                side: [counter.count(hot, f"{side} {stage}") for _ in range(given.count)] for side in ("ours", "bare")
            }
            print(f"  {stage}: {min(counts[stage]['ours']):,} instructions", file=sys.stderr)
    values = {
        stage: Measured(*(min(found[side]) / UNITS[stage] / 1000 for side in ("ours", "bare")))
        for stage, found in counts.items()
    }
    details: dict[str, Any] = {"valgrind": _version(), "units_a_pass": UNITS, "passes": counts}
    return Found(values=values, details=details)


class _Counter:
    """Counts instructions of a process under callgrind, between two commands to it."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid, self._folder, self._dumps = pid, folder, 0
        self._control("--instr=on")

    def count(self, hot: Side, line: str) -> int:
        """What the process executes while it does as it is told."""
        self._control("--zero")
        hot.ask(line)
        self._dumps += 1
        self._control("--dump")
        path = self._folder / f"{OUT}.{self._dumps}"
        deadline = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline:
            found = re.search(r"^totals: (\d+)", path.read_text(encoding="utf-8"), re.M) if path.exists() else None
            if found:
                path.unlink()
                return int(found[1])
            time.sleep(0.05)
        raise BenchError(f"callgrind: wrote no {path.name} for {line!r}; try callgrind_control by hand")

    def _control(self, option: str) -> None:
        done = subprocess.run(
            ["callgrind_control", option, str(self._pid)],
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"callgrind_control {option}: {done.stderr.strip() or done.stdout.strip()}")


def _version() -> str:
    done = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip()
