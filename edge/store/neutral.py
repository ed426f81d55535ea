"""The one row about an agent's own neutral: what `vision` learned, shown and deleted by whoever may.

Deleting it raises its `generation`: what `vision` still has in memory then is of an older one, and is not kept.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Final, NamedTuple

from contract.expressions import EXPRESSIONS
from edge.neutral import Learned
from edge.settings import Store
from edge.store.connection import open_checked

_COLUMNS: Final = ", ".join(("generation", "shift", "model", "seconds", *EXPRESSIONS))


class KeptNeutral(NamedTuple):
    """What is kept: how often it was deleted, of which shift and model it is ("" where nothing is), and what it is."""

    generation: int = 0
    shift: str = ""
    model: str = ""
    learned: Learned = Learned()


def read(db: sqlite3.Connection) -> KeptNeutral:
    """What is there."""
    row = db.execute(f"SELECT {_COLUMNS} FROM own_neutral").fetchone()
    if row is None:
        return KeptNeutral()
    generation, shift, model, seconds, *means = row
    return KeptNeutral(generation, shift or "", model or "", Learned(seconds, tuple(means)) if seconds else Learned())


def keep(db: sqlite3.Connection, kept: KeptNeutral) -> bool:
    """Write it, within the caller's transaction; False, and nothing is written, where it was deleted meanwhile."""
    if read(db).generation != kept.generation:
        return False
    row = (time.time_ns() // 1_000_000, *kept[:3], kept.learned.seconds, *kept.learned.means)
    places = ", ".join("?" for _ in row)
    db.execute(f"INSERT OR REPLACE INTO own_neutral (id, at_ms, {_COLUMNS}) VALUES (1, {places})", row)
    return True


class NeutralNotes:
    """For whoever looks at it or deletes it. Every method raises StoreError."""

    def __init__(self, store: Store) -> None:
        """Open the file; the process `store` must have prepared it."""
        self._connection = open_checked(store.path)

    def kept(self) -> KeptNeutral:
        """What is there."""
        with self._connection.reading() as db:
            return read(db)

    def forget(self) -> None:
        """Delete it; `vision` begins anew within a minute, and keeps nothing of what it had learned."""
        with self._connection.writing() as db:
            row = (time.time_ns() // 1_000_000, read(db).generation + 1)
            db.execute("INSERT OR REPLACE INTO own_neutral (id, at_ms, generation, seconds) VALUES (1, ?, ?, 0)", row)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
