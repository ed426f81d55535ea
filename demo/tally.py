"""Compares the databases at both ends: what the boxes made with what the centre stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from demo.configs import REAL_BOX

Identity = tuple[str, str, int]

IDENTITY: Final = "source, boot, started_ns"


@dataclass(frozen=True)
class Tally:
    """Counts over all boxes, in readings.

    `lost`: neither at the centre nor still in an outbox. `waiting`: in an outbox, not at the centre. `duplicated`:
    stored or summed up more than once. `set_aside`: refused on their way and kept, by name, at both ends.
    """

    made: int
    sent: int
    stored: int
    lost: int
    duplicated: int
    waiting: int
    set_aside: int


def find_boxes(folder: Path) -> dict[str, Path]:
    """The outbox file of each box of the demo that has one yet."""
    simulated = {path.stem: path for path in sorted((folder / "simulated").glob("*.db"))}
    real = folder / "desk.db"
    return {REAL_BOX: real, **simulated} if real.exists() else simulated


def compare(boxes: Mapping[str, Path], central: Path) -> Tally:
    """Count what is at one end and not at the other, by the readings' identities, and what was counted twice."""
    tallies = []
    with _open(central) as there:
        for box, path in boxes.items():
            with _open(path) as here:
                tallies.append(_compare_box(box, here, there))
    return Tally(*map(sum, zip(*map(astuple, tallies), strict=True))) if tallies else Tally(0, 0, 0, 0, 0, 0, 0)


def _compare_box(box: str, here: sqlite3.Connection, there: sqlite3.Connection) -> Tally:
    outbox = _identities(here, f"SELECT {IDENTITY} FROM outbox WHERE state <> 'set_aside'")
    let_go = _number(here, "SELECT coalesce(sum(count), 0) FROM gaps")
    arrived = _identities(there, f"SELECT {IDENTITY} FROM readings WHERE box = ?", box)
    summed = _number(there, "SELECT coalesce(sum(readings), 0) FROM minutes WHERE box = ?", box)
    missing = set(outbox) - set(arrived)
    waiting = missing & set(_identities(here, f"SELECT {IDENTITY} FROM outbox WHERE state = 'waiting'"))
    return Tally(
        made=len(outbox) + let_go,
        sent=_number(here, "SELECT count(*) FROM outbox WHERE sent OR state <> 'waiting'"),
        stored=len(arrived),
        lost=len(missing - waiting) + let_go,
        duplicated=len(arrived) - len(set(arrived)) + max(0, summed - len(arrived)),
        waiting=len(waiting),
        set_aside=_number(here, "SELECT count(*) FROM outbox WHERE state = 'set_aside'"),
    )


def frames_per_second(desk: Path) -> float | None:
    """What the real desk last said of its own pace; None where it never read a frame."""
    if not desk.exists():
        return None
    with _open(desk) as here:
        row = here.execute("SELECT frames_per_second FROM health").fetchone()
    return None if row is None else round(row[0], 1)


def _identities(db: sqlite3.Connection, sql: str, *values: str) -> list[Identity]:
    return db.execute(sql, values).fetchall()


def _number(db: sqlite3.Connection, sql: str, *values: str) -> int:
    count: int = db.execute(sql, values).fetchone()[0]
    return count


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """A database opened for reading alone, and closed again (sqlite3's own context manager only commits)."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)
    try:
        yield db
    finally:
        db.close()
