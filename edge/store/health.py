"""What `vision` says of itself in the outbox, and `publish` reads there, with what is said of the engines."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from edge.machine import memory_mb
from edge.stages import STAGES
from edge.store.engines import shortened

HEALTH_MS: Final = 60_000  # `vision` says how it goes every ten seconds
ENGINES_MS: Final = 300_000  # words on building engines that are older are of a process that ended
_SPANS: Final = tuple(f"{stage}_ms" for stage in STAGES)
_TOLD: Final = ", ".join(("at_ms", "frames_per_second", "model", "backend", "fault", "memory_mb", *_SPANS))


class Vitals(NamedTuple):
    """What `vision` says of itself.

    `backend` is what runs the networks, `fault` why it is not the one that was to, `stages_ms` how long each of
    `STAGES` takes, where it was to be done.
    """

    frames_per_second: float
    model: str
    backend: str | None = None
    fault: str | None = None
    stages_ms: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Health:
    """What `vision` last said of itself, and `engine` of the engines; and the newest reading's word on the clock.

    `building` is a step and the share of all that is done, `fault` what was last wrong with an engine, `stages_ms` how
    long the stages of a frame's way take, `memory_mb` what `vision` holds.
    """

    at_ms: int = 0
    frames_per_second: float | None = None
    model: str | None = None
    clock_ok: bool = True
    backend: str | None = None
    building: tuple[str, float] | None = None
    fault: str | None = None
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    memory_mb: float | None = None

    def is_of_now(self, now_ms: int) -> bool:
        """Whether `vision` said so a moment ago; what is older is not repeated."""
        return now_ms - self.at_ms < HEALTH_MS


def note(db: sqlite3.Connection, vitals: Vitals) -> None:
    """Leave them, within the caller's transaction, with the memory that this process holds."""
    spans = [vitals.stages_ms.get(stage) for stage in STAGES]
    told = (_now_ms(), *vitals[:3], vitals.fault and shortened(vitals.fault), memory_mb(), *spans)
    db.execute(f"INSERT OR REPLACE INTO health (id, {_TOLD}) VALUES (1, {', '.join('?' for _ in told)})", told)


def read(db: sqlite3.Connection) -> Health:
    """What is there."""
    vision = db.execute(f"SELECT {_TOLD} FROM health").fetchone()
    engines = db.execute("SELECT at_ms, step, share, fault FROM engines").fetchone()
    newest = db.execute("SELECT model, clock_ok FROM outbox ORDER BY seq DESC LIMIT 1").fetchone()
    at_ms, rate, running, backend, fault, memory, *spans = vision or (0, None, None, None, None, None)
    told_ms, step, share, failed = engines or (0, None, None, None)
    model, clock_ok = newest or (None, 1)
    recent = 0 <= _now_ms() - told_ms < ENGINES_MS
    return Health(
        at_ms=at_ms,
        frames_per_second=rate,
        model=running or model,
        clock_ok=bool(clock_ok),
        backend=backend,
        building=(step, share) if recent and step is not None and share is not None else None,
        fault=fault or failed,
        stages_ms={stage: took for stage, took in zip(STAGES, spans, strict=False) if took is not None},
        memory_mb=memory,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
