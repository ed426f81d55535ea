"""A soak: no fault at all, for as long as one likes, and what the processes hold on to that they did not at first."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from central.database import CACHE_KIB
from tests.torture.scene import BOX_PROCESSES, Scene

SETTLED_S: Final = 60.0  # by then a process has loaded what it needs
# What memory may grow by: an hour's readings fill the pages that the centre's SQLite keeps, and each of those takes a
# tenth more than it holds.
MOST_MB: Final = {"publish": 5.0, "ingest": 5.0 + 1.1 * CACHE_KIB * 1024 / 1e6}


@dataclass(frozen=True)
class Held:
    """What a process holds: resident memory in MB, open files, threads."""

    memory_mb: float
    files: int
    threads: int

    @classmethod
    def by(cls, pid: int) -> Held:
        """Of a process now."""
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        memory_mb = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        files, threads = (sum(1 for _ in Path(f"/proc/{pid}/{which}").iterdir()) for which in ("fd", "task"))
        return cls(memory_mb, files, threads)

    def grew_to(self, later: Held, most_mb: float) -> bool:
        """Whether `later` is more than this by what years of it would not bear: `most_mb`, two files, a thread."""
        return (
            later.memory_mb > self.memory_mb + most_mb or later.files > self.files + 2 or later.threads > self.threads
        )

    def __str__(self) -> str:
        """For a person."""
        return f"{self.memory_mb:.1f} MB, {self.files} files, {self.threads} threads"


def soak(scene: Scene, minutes: float) -> dict[str, tuple[Held, Held]]:
    """Readings at fifty a second all the while; what `publish` and `ingest` held after a minute and at the end."""
    scene.begin()
    scene.goes_on()
    time.sleep(min(SETTLED_S, minutes * 30))
    first = _all(scene)
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until:
        time.sleep(1.0)
        scene.makes(1)
    last = _all(scene)
    return {name: (first[name], last[name]) for name in BOX_PROCESSES}


def _all(scene: Scene) -> dict[str, Held]:
    return {name: Held.by(scene.way.running[name].pid) for name in BOX_PROCESSES}
