"""How many readings a box keeps, and which it lets go of first.

Two limits, `keep_days` and `keep_bytes`, and a third where the disk is nearly full: the size that the file has. One
order: what is settled (received by the centre, set aside and reported, or made under a policy that does not publish)
goes before what is owed to the centre; the oldest go first.
Owed readings that go leave a gap record that names them.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from contract.messages import Gap, GapCause
from edge.settings import Store
from edge.store.reserve import is_low

DAY_MS: Final = 86_400_000
SPARE_BYTES: Final = 262_144  # more than the readings between two looks take: the file has room for them in itself
CHUNK: Final = 256  # rows let go of between two looks at the file's size
CHUNKS: Final = 8  # at most so many in one transaction, so that no other process waits long

OWED: Final = "(state = 'waiting' OR (state = 'set_aside' AND reported = 0))"

# By the order of numbers: SQLite would rather collect all owed rows by two indexes and sort them.
_OWED_ROWS: Final = f"SELECT seq, wall_ms, duration_s FROM outbox NOT INDEXED WHERE {OWED}"

# Each part goes by an index, so that a look costs the same however many rows wait.
_OLDEST_SETTLED: Final = """
SELECT * FROM (SELECT 'outbox', seq, wall_ms FROM outbox WHERE state = 'received' ORDER BY seq LIMIT :most)
UNION ALL SELECT * FROM (
    SELECT 'outbox', seq, wall_ms FROM outbox WHERE state = 'set_aside' AND reported = 1 ORDER BY seq LIMIT :most)
UNION ALL SELECT * FROM (SELECT 'mirror', seq, wall_ms FROM mirror ORDER BY seq LIMIT :most)
ORDER BY wall_ms LIMIT :most
"""


@dataclass(frozen=True)
class Trimmed:
    """How many rows were let go of."""

    settled: int = 0
    owed: int = 0


def trim(db: sqlite3.Connection, limits: Store, now_ms: int | None) -> Trimmed:
    """Hold both limits, within the caller's transaction. `now_ms` (UTC) is None where the clock is not set."""
    by_days = Trimmed() if now_ms is None else _trim_days(db, now_ms - limits.keep_days * DAY_MS)
    by_bytes = _trim_bytes(db, limits.keep_bytes, GapCause.FULL_BYTES)
    if is_low(Path(limits.path).absolute().parent):
        by_room = _trim_bytes(db, _file_bytes(db) - SPARE_BYTES, GapCause.DISK_FULL)
        by_bytes = Trimmed(by_bytes.settled + by_room.settled, by_bytes.owed + by_room.owed)
    return Trimmed(by_days.settled + by_bytes.settled, by_days.owed + by_bytes.owed)


def make_room(db: sqlite3.Connection, keep_bytes: int) -> bool:
    """Let settled rows go until the rest fits, within the caller's transaction; False where what is owed does not."""
    while used_bytes(db) > keep_bytes:
        if not _let_settled_go(db):
            return False
    return True


def used_bytes(db: sqlite3.Connection) -> int:
    """What the file's pages hold; pages freed earlier are used again before the file grows."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def record_lost(db: sqlite3.Connection, count: int, from_ms: int, until_ms: int, cause: GapCause) -> None:
    """Name readings that never had a number: they get the next `count` numbers, which no reading will have."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    first = (row[0] if row else 0) + 1
    last = first + count - 1
    if row:
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'", (last,))
    else:
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", (last,))
    add_gap(db, epoch_of(db), Gap(first=first, last=last, count=count, from_ms=from_ms, until_ms=until_ms, cause=cause))


def add_gap(db: sqlite3.Connection, epoch: str, gap: Gap) -> None:
    """Write a gap record, or lengthen the one that ends just before it and was not sent yet."""
    before = db.execute(
        "SELECT id FROM gaps WHERE epoch = ? AND last = ? AND cause = ? AND sent = 0",
        (epoch, gap.first - 1, gap.cause.value),
    ).fetchone()
    if before:
        db.execute(
            "UPDATE gaps SET last = ?, count = count + ?, until_ms = max(until_ms, ?) WHERE id = ?",
            (gap.last, gap.count, gap.until_ms, before[0]),
        )
        return
    db.execute(
        "INSERT INTO gaps (epoch, first, last, count, from_ms, until_ms, cause) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (epoch, gap.first, gap.last, gap.count, gap.from_ms, gap.until_ms, gap.cause.value),
    )


def epoch_of(db: sqlite3.Connection) -> str:
    """The id of this outbox."""
    (epoch,) = db.execute("SELECT epoch FROM meta").fetchone()
    return str(epoch)


def _trim_days(db: sqlite3.Connection, cutoff: int) -> Trimmed:
    settled = 0
    for table, whose in (("outbox", f"NOT {OWED}"), ("mirror", "TRUE")):
        expired, values = _expired(db, table, cutoff)
        settled += db.execute(
            f"DELETE FROM {table} WHERE seq IN "
            f"(SELECT seq FROM {table} WHERE {whose} AND {expired} ORDER BY seq LIMIT {CHUNK * CHUNKS})",
            values,
        ).rowcount
    expired, values = _expired(db, "outbox", cutoff)
    owed = db.execute(
        f"{_OWED_ROWS} AND {expired} ORDER BY seq LIMIT {CHUNK * CHUNKS}",
        values,
    ).fetchall()
    return Trimmed(settled, _let_go(db, owed, GapCause.FULL_DAYS))


def _expired(db: sqlite3.Connection, table: str, cutoff: int) -> tuple[str, dict[str, int | None]]:
    """The condition for rows older than `cutoff`, and its values.

    A row of a clock that was not set is as old as the next expired row: a box that wakes in 1970 loses nothing.
    """
    newest = f"SELECT max(seq) FROM {table} INDEXED BY {table}_wall WHERE clock_ok = 1 AND wall_ms < ?"
    (last,) = db.execute(newest, (cutoff,)).fetchone()
    return "seq <= :last AND (clock_ok = 0 OR wall_ms < :cutoff)", {"last": last, "cutoff": cutoff}


def _file_bytes(db: sqlite3.Connection) -> int:
    pages, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * size)


def _trim_bytes(db: sqlite3.Connection, keep_bytes: int, cause: GapCause) -> Trimmed:
    settled = owed = 0
    for _ in range(CHUNKS):
        if used_bytes(db) <= keep_bytes:
            break
        rows = _let_settled_go(db)
        settled += rows
        if not rows:
            oldest = db.execute(f"{_OWED_ROWS} ORDER BY seq LIMIT {CHUNK}").fetchall()
            owed += _let_go(db, oldest, cause)
    return Trimmed(settled, owed)


def _let_settled_go(db: sqlite3.Connection) -> int:
    rows = db.execute(_OLDEST_SETTLED, {"most": CHUNK}).fetchall()
    for table, seq, _wall_ms in rows:
        db.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
    return len(rows)


def _let_go(db: sqlite3.Connection, rows: list[tuple[int, int, float]], cause: GapCause) -> int:
    """Delete owed rows (seq, wall_ms, duration_s; by seq) and name them, one gap for each run of numbers."""
    epoch = epoch_of(db)
    for _, run in groupby(enumerate(rows), key=lambda item: item[1][0] - item[0]):
        lost = [row for _, row in run]
        first, last = lost[0][0], lost[-1][0]
        from_ms = min(wall_ms for _, wall_ms, _ in lost)
        until_ms = max(wall_ms + round(duration_s * 1000) for _, wall_ms, duration_s in lost)
        gap = Gap(first=first, last=last, count=len(lost), from_ms=from_ms, until_ms=until_ms, cause=cause)
        db.execute(f"DELETE FROM outbox NOT INDEXED WHERE seq BETWEEN ? AND ? AND {OWED}", (first, last))
        add_gap(db, epoch, gap)
    return len(rows)
