"""The desk's path beside the `fer` package on the same frames in one run: frames a second, CPU time, memory.

`pip install 'fer==25.10.*'` brings several gigabytes, so it goes into an environment of its own, whose interpreter
`--peer-python` names. Both sides are processes of their own on one and the same core, with one thread; they take turns
on the same frames, 640 x 480 with one face. Ours are stamped as a desk captures them, 15 a second: a face is read in
each of them. Figures are medians over the rounds: by the clock, and by CPU time, which other work disturbs less.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from bench import clips
from bench.benches import CLIPS
from bench.errors import CannotMeasure
from bench.figures import Found, Given, Measured
from bench.side import Side

Passes = list[dict[str, Any]]
_HAS_FER: Final = "import importlib.util, sys; sys.exit(importlib.util.find_spec('fer') is None)"


def measure(given: Given) -> Found:
    """Each clip, the sides by turns. Raises CannotMeasure where the peer is not there."""
    peer_python = _with_fer(given.peer_python)
    core = max(os.sched_getaffinity(0))
    files = clips.write_all(given.folder, given.count)
    with (
        Side([sys.executable, "-m", "bench.desk_worker"], core=core) as ours,
        Side([peer_python, "-m", "bench.desk_peer"], core=core) as peer,
    ):
        found = {name: _compare(name, ours, peer, file, given.rounds) for name, file in files.items()}
        sides = {"ours": ours.about, "peer": peer.about}
    values: dict[str, Measured] = {}
    for name, clip in found.items():
        ours_of, peer_of = clip["ours"], clip["peer"]
        for label, key in (
            ("frames a second", "frames_per_second"),
            ("CPU a frame", "cpu_ms"),
            ("memory", "peak_mb"),
        ):
            values[f"{name}: {label}"] = Measured(ours_of[key], peer_of[key])
    absent = {
        f"{name}: {label}": clips.NO_DATA
        for name in CLIPS
        if name not in found
        for label in ("frames a second", "CPU a frame", "memory")
    }
    return Found(values=values, absent=absent, details={"sides": sides, "clips": found})


def _with_fer(python: str) -> str:
    path = shutil.which(python)
    absolute = str(Path(path).absolute()) if path else python  # not resolved: that would leave its environment
    if not path or subprocess.run([absolute, "-c", _HAS_FER], capture_output=True, check=False).returncode:
        raise CannotMeasure("no fer in the peer's interpreter: pip install 'fer==25.10.*', and name it: --peer-python")
    return absolute


def _compare(name: str, ours: Side, peer: Side, file: Path, rounds: int) -> dict[str, Any]:
    passes: dict[str, Passes] = {"ours": [], "peer": []}
    for number in range(rounds):
        passes["ours"].append(ours.ask(str(file)))
        passes["peer"].append(peer.ask(str(file)))
        print(f"  {name}: round {number + 1} of {rounds}", file=sys.stderr)
    return {side: _summarise(found) for side, found in passes.items()}


def _summarise(rounds: Passes) -> dict[str, Any]:
    """Medians over the rounds of one side on one clip."""
    result: dict[str, Any] = {"frames": rounds[0]["frames"], "read": rounds[0]["read"]}
    for key in ("wall", "cpu"):
        result[f"{key}_ms"] = statistics.median(1000 * r[f"{key}_s"] / r["frames"] for r in rounds)
    for key in ("p50_ms", "p95_ms"):
        if key in rounds[0]:
            result[key] = statistics.median(r[key] for r in rounds)
    result["frames_per_second"] = 1000 / result["wall_ms"]
    result["peak_mb"] = max(r["mb"]["peak"] for r in rounds)
    return {key: round(value, 3) for key, value in result.items()}
