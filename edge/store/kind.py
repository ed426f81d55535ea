"""An outbox holds the readings of a camera or those of recordings, never both: its publisher says which they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.errors import SettingsError


def is_recorded(db: sqlite3.Connection) -> bool | None:
    """Whether the readings that are there are of recordings; None where there are none. The newest speaks for all."""
    for table in ("outbox", "mirror"):
        row = db.execute(f"SELECT recorded FROM {table} ORDER BY seq DESC LIMIT 1").fetchone()
        if row is not None:
            return bool(row[0])
    return None


def refuse_mixture(db: sqlite3.Connection, path: Path, *, recorded: bool) -> None:
    """Raise SettingsError where the readings that are there are of the other kind."""
    there = is_recorded(db)
    if there is None or there is recorded:
        return
    holds, wanted = ("recordings", "a camera") if there else ("a camera", "recordings")
    raise SettingsError(
        f"store.path {path}: holds readings of {holds}, and those of {wanted} never mix with them; "
        f"name another file there for {wanted}, and another box.id"
    )
