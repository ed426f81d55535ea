"""What a box can be measured by, a line each; and the file of them that a collector of Prometheus reads.

Nothing here says what was read of a face: counts, ages, sizes and degrees alone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from edge import machine
from edge.settings import Settings
from edge.stages import STAGES
from edge.store import Health, Relay, Reserve
from edge.store.relay import Owed

PREFIX: Final = "mien_desk_"
EVERY_S: Final = 10.0
MODE: Final = 0o644  # read by the collector, which is another user


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A box at one moment; `at_ms` is UTC."""

    at_ms: int
    health: Health
    owed: Owed
    outbox: Path


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One of them: its name ends with its unit, and `read` gives its value, None where there is none now."""

    name: str
    meaning: str
    read: Callable[[Sample], float | None]


def _frames_per_second(sample: Sample) -> float | None:
    return sample.health.frames_per_second if sample.health.is_of_now(sample.at_ms) else None


def _stage(stage: str, sample: Sample) -> float | None:
    took_ms = sample.health.stages_ms.get(stage) if sample.health.is_of_now(sample.at_ms) else None
    return None if took_ms is None else took_ms / 1000


def _since_vision(sample: Sample) -> float | None:
    return max(0, sample.at_ms - sample.health.at_ms) / 1000 if sample.health.at_ms else None


def _file_bytes(sample: Sample) -> float | None:
    parts = [sample.outbox.with_name(sample.outbox.name + ending) for ending in ("", "-wal")]
    return float(sum(part.stat().st_size for part in parts if part.exists()))


def _memory_of_vision(sample: Sample) -> float | None:
    held_mb = sample.health.memory_mb if sample.health.is_of_now(sample.at_ms) else None
    return None if held_mb is None else held_mb * 1e6


METRICS: Final = (
    Metric(
        name="frames_per_second",
        meaning="frames that vision reads; absent where it fell silent",
        read=_frames_per_second,
    ),
    *(
        Metric(name=f"stage_{stage}_seconds", meaning=f"mean time: {what}", read=partial(_stage, stage))
        for stage, what in STAGES.items()
    ),
    Metric(name="vision_silent_seconds", meaning="time since vision last said how it goes", read=_since_vision),
    Metric(name="readings_waiting", meaning="readings that the centre has not received", read=lambda s: s.owed.waiting),
    Metric(
        name="readings_set_aside", meaning="readings that were refused on their way", read=lambda s: s.owed.set_aside
    ),
    Metric(
        name="gaps",
        meaning="gap records ever written: readings that were let go of, by name",
        read=lambda s: s.owed.gaps,
    ),
    Metric(name="outbox_bytes", meaning="size of the outbox and of what lies beside it", read=_file_bytes),
    Metric(
        name="disk_free_bytes",
        meaning="room on the disk of the outbox",
        read=lambda s: float(shutil.disk_usage(s.outbox.parent).free),
    ),
    Metric(
        name="disk_reserve_bytes",
        meaning="room kept for when the disk is full; 0 where it was given up",
        read=lambda s: float(Reserve(s.outbox).bytes),
    ),
    Metric(name="clock_ok", meaning="1 where the wall clock is kept right", read=lambda s: float(s.health.clock_ok)),
    Metric(
        name="engine_fault",
        meaning="1 where the networks run on the processor though a GPU was to run them",
        read=lambda s: float(s.health.fault is not None),
    ),
    Metric(
        name="engine_built_ratio",
        meaning="how far the building of engines is, 0 to 1; absent where none is built",
        read=lambda s: s.health.building[1] if s.health.building else None,
    ),
    Metric(
        name="temperature_celsius",
        meaning="the hottest zone; absent where the machine tells none",
        read=lambda _: machine.hottest(),
    ),
    Metric(name="vision_memory_bytes", meaning="resident memory of vision", read=_memory_of_vision),
    Metric(
        name="publish_memory_bytes",
        meaning="resident memory of the publisher",
        read=lambda _: machine.memory_mb() * 1e6,
    ),
)


def text(sample: Sample, box: str) -> str:
    """All that have a value, in Prometheus' text format, each under the box's id."""
    lines = []
    for metric in METRICS:
        value = metric.read(sample)
        if value is not None:
            name = f"{PREFIX}{metric.name}"
            lines += [f"# HELP {name} {metric.meaning}", f"# TYPE {name} gauge", f'{name}{{box="{box}"}} {value:.10g}']
    return "\n".join(lines) + "\n"


class MetricsFile:
    """The file that the settings name, written anew every EVERY_S; nothing where they name none."""

    def __init__(self, settings: Settings, relay: Relay) -> None:
        """`relay` is the outbox that is told of."""
        self._path = Path(settings.metrics.file) if settings.metrics.file else None
        self._box, self._outbox, self._relay = settings.box.id, Path(settings.store.path), relay
        self._due = 0.0

    def refresh(self, now_ms: int) -> str | None:
        """Write it where that is due; returns what stood in the way, and what to do. Raises StoreError."""
        if self._path is None or time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + EVERY_S
        owed, health = self._relay.owed(), self._relay.health()
        try:
            _write(self._path, text(Sample(at_ms=now_ms, health=health, owed=owed, outbox=self._outbox), self._box))
        except OSError as error:
            return (
                f"{self._path}: metrics cannot be written: {error.strerror}; check metrics.file and whose its folder is"
            )
        return None


def _write(path: Path, told: str) -> None:
    """The file, whole or as it was."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(told, encoding="utf-8")
        partial.chmod(MODE)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
