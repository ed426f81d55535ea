"""Readings, settings and outboxes made for tests of the desk."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from contract.reading import Reading, Reason, Role, Source, seen
from edge.settings import Box, Broker, Policy, Settings, Store

BOX: Final = "desk-01"
BOOT: Final = "0123456789abcdef"
SHARES: Final = (0.3, 0.3, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05)


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000


def reading(index: int, **changed: Any) -> Reading:
    """The `index`-th second of a boot, as vision would make it now; with `changed` fields."""
    fields: dict[str, Any] = {
        "source": Source.FACE,
        "boot": BOOT,
        "started_ns": index * 1_000_000_000,
        "wall_ms": now_ms(),
        "duration_s": 1.0,
        "role": Role.AGENT,
        "shift": "ab" * 8,
        "policy": "supervision",
        "model": "test-1",
    }
    if "reason" not in changed:
        fields |= seen(SHARES, confidence=0.8, quality=0.9, faces=1)
    return Reading(**(fields | changed))


def without_face(index: int, reason: Reason = Reason.NO_FACE, **changed: Any) -> Reading:
    """A second with a reason."""
    return reading(index, reason=reason, **changed)


def settings(folder: Path, port: int = 1, box: str = BOX, **broker: Any) -> Settings:
    """Settings of a box whose outbox lies in `folder` and whose broker listens on `port`."""
    return Settings(
        box=Box(id=box),
        store=Store(path=str(folder / f"{box}.db")),
        broker=Broker(port=port, **{"catch_up_per_s": 100_000, **broker}),
        policy=Policy(),
    )


def look(store: Store, sql: str) -> list[Any]:
    """Ask the outbox file directly, as a test may."""
    with closing(sqlite3.connect(store.path)) as db:
        return db.execute(sql).fetchall()
