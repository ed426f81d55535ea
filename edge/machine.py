"""What the kernel says of this machine: how warm it is, and how much memory this process holds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")
ZONES: Final = Path("/sys/class/thermal")


def temperatures() -> dict[str, float]:
    """Degrees Celsius by the name of the zone; empty where the machine tells none."""
    found = {}
    for zone in sorted(ZONES.glob("thermal_zone*")):
        try:
            found[(zone / "type").read_text().strip()] = int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):  # a zone that is switched off has no temperature
            continue
    return found


def hottest() -> float | None:
    """Degrees Celsius of the warmest zone; None where the machine tells none."""
    return max(temperatures().values(), default=None)


def memory_mb() -> float:
    """What this process holds of the machine's memory, in MB."""
    return int(_STATM.read_text(encoding="ascii").split()[1]) * _PAGE / 1e6


def free_mb(file: Path | str) -> float | None:
    """The room on the disk of a file, in MB; None where nobody knows."""
    try:
        return shutil.disk_usage(Path(file).absolute().parent).free / 1e6
    except OSError:
        return None
