"""The results files, `bench/results/NAME.json`: written whole, and the last committed one read back from git."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from bench.benches import Bench
from bench.figures import Found, Given
from bench.machine import machine, versions

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "bench" / "results"
REQUIRED: Final = ("bench", "measures", "command", "at", "commit", "machine", "versions", "size", "figures", "absent")
"""What every results file says; the rest is the bench's own."""


def result_of(bench: Bench, found: Found, given: Given, *, seconds: float, load: float) -> dict[str, Any]:
    """The whole content of a results file. `load`: what the machine did before the measurement itself loaded it."""
    unknown = {*found.values, *found.absent} ^ {figure.name for figure in bench.figures}
    assert not unknown, f"{bench.name}: its figures and the table of benches disagree on {sorted(unknown)}"
    return {
        "bench": bench.name,
        **({"mark": found.mark} if found.mark else {}),
        "measures": bench.measures,
        "command": command(bench, given),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": _git("describe", "--always", "--dirty"),
        "machine": {**machine(), "load": load},
        "versions": versions(),
        "size": {"rounds": given.rounds, bench.counted: given.count},
        "seconds": round(seconds, 1),
        "figures": {figure.name: _figure(bench, found, figure.name) for figure in bench.figures},
        "absent": found.absent,
        **found.details,
    }


def command(bench: Bench, given: Given) -> str:
    """What to type for the same measurement; where the peer's interpreter is, is the machine's own business."""
    peer = " --peer-python PYTHON" if bench.has_peer_python else ""
    return f"python -m bench --only {bench.name} --rounds {given.rounds} --count {given.count}{peer}"


def _figure(bench: Bench, found: Found, name: str) -> dict[str, Any]:
    figure = bench.figure(name)
    measured = found.values.get(name)
    times = figure.times(measured) if measured else None
    told: dict[str, Any] = {
        **({"mark": found.mark} if found.mark and measured else {}),
        "value": _rounded(measured.value) if measured else None,
        "unit": figure.unit,
        "better": figure.better.value,
        "judged": figure.judged.value,
        "must": figure.must,
        "reach": figure.reach,
    }
    if figure.beside:
        told |= {"peer": figure.beside, "beside": _rounded(measured.beside if measured else None)}
        told["times"] = _rounded(times)
    return told


def _rounded(value: float | None) -> float | None:
    """Four significant digits, counts whole: more would only be noise."""
    if value is None:
        return None
    return round(value) if abs(value) >= 1e4 else float(f"{value:.4g}")


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write a result to `folder`/NAME.json; returns that path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['bench']}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def committed(name: str) -> dict[str, Any] | None:
    """The result that the last commit holds; None where there is none, or it was written in another form."""
    text = _git("show", f"HEAD:bench/results/{name}.json")
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return found if "figures" in found else None


def _git(*arguments: str) -> str:
    """What git says; empty where there is no git or it refuses, as in an unpacked archive."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
