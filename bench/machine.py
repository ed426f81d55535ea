"""What a measurement ran on, and what its processes hold in memory. Nothing here names the machine or a place on it.

Standard library alone, and nothing of ours: the peer's side runs in an interpreter that has neither.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = (
    *("numpy", "opencv-python-headless", "onnxruntime", "msgspec", "paho-mqtt"),
    *("sqlalchemy", "flask", "waitress", "playwright"),
)
_MB: Final = 1e6
_STATUS: Final = {"now": "VmRSS", "peak": "VmHWM"}


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and what else the machine was doing when this was asked."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
    }


def versions() -> dict[str, str]:
    """Of Python, SQLite and the packages that the measured paths go through, where they are installed."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def memory_mb(pid: int | str = "self") -> dict[str, float]:
    """Resident memory of a process, now and at its highest, in MB (10^6 bytes). Raises OSError where it has ended."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return {name: int(lines[key].split()[0]) * 1024 / _MB for name, key in _STATUS.items()}


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has had, in steps of a hundredth. Raises OSError where it has ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree_mb(pid: int) -> float:
    """Memory of a process and all its children in MB: a page that several of them share counts once (PSS)."""
    total = 0.0
    for process in _tree(pid):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except OSError:  # it has ended meanwhile
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024 / _MB
    return total


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text(encoding="ascii").split()]
            except OSError:
                continue
    return found
