"""What can still be read of a broken outbox goes on in a new one; the rest is named by gap records.

The outbox is read from its beginning to the first unreadable place, and then from its end back to the last one. What
the centre has received stays received. Which rows are lost is told by the indexes, which hold every number a second
time; where these are broken too, by the holes between the numbers that are left.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from contract.messages import Gap, GapCause
from edge.store.bounds import add_gap, epoch_of, record_lost
from edge.store.rows import COLUMN_LIST, COLUMNS, PLACES, Value, from_row

_SENDING: Final = ("state", "reported", "why")
_OUTBOX: Final = f"seq, {COLUMN_LIST}, {', '.join(_SENDING)}"
_GAPS: Final = "epoch, first, last, count, from_ms, until_ms, cause, sent, reported"
_STATE: Final = 1 + len(COLUMNS)


class _Rows:
    """The rows of a query until the first unreadable place; `last` is the last one read, `whole` whether all were."""

    def __init__(self, broken: sqlite3.Connection, sql: str) -> None:
        self._broken = broken
        self._sql = sql
        self.last: tuple[Value, ...] | None = None
        self.whole = False

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        try:
            for row in self._broken.execute(self._sql):
                self.last = row
                yield row
        except sqlite3.DatabaseError:
            return
        self.whole = True


def salvage(broken_path: Path, new: sqlite3.Connection) -> int:
    """Copy what can be read of `broken_path` into `new`, within the caller's transaction; returns how many readings."""
    broken = sqlite3.connect(broken_path, isolation_level=None)
    try:
        _copy(broken, new, "gaps", _GAPS)
        kept = _copy(broken, new, "mirror", COLUMN_LIST)
        return kept + _copy_outbox(broken, new, round(broken_path.stat().st_mtime * 1000))
    finally:
        broken.close()


def _copy(broken: sqlite3.Connection, new: sqlite3.Connection, table: str, columns: str) -> int:
    places = ", ".join("?" for _ in columns.split(","))
    kept = 0
    for row in _Rows(broken, f"SELECT {_there(broken, table, columns)} FROM {table} NOT INDEXED ORDER BY rowid"):
        kept += _insert(new, f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", row)
    return kept


def _copy_outbox(broken: sqlite3.Connection, new: sqlite3.Connection, changed_ms: int) -> int:
    columns = _there(broken, "outbox", _OUTBOX)
    head = _Rows(broken, f"SELECT {columns} FROM outbox NOT INDEXED ORDER BY seq")
    settled: set[int] = set()
    kept = sum(_take(new, row, settled) for row in head)
    if not head.whole:
        after = f"WHERE seq > {_seq(head.last)} ORDER BY seq DESC"
        tail = _Rows(broken, f"SELECT {columns} FROM outbox NOT INDEXED {after}")
        kept += sum(_take(new, row, settled) for row in tail)
    lost = _lost_by_index(broken, new, settled)
    if lost is None:
        highest = _one(broken, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        lost = _holes(new, from_one=head.last is None, highest=highest if isinstance(highest, int) else 0)
        if not lost and not kept and not head.whole:
            record_lost(new, 1, changed_ms, _now_ms(), GapCause.CORRUPT)  # nobody can say how many: one stands for all
    epoch = _one(broken, "SELECT epoch FROM meta")
    epoch = epoch if isinstance(epoch, str) and len(epoch) >= 8 else epoch_of(new)
    for first, last in lost:
        _name(new, epoch, first, last, changed_ms)
    return kept


def _there(broken: sqlite3.Connection, table: str, columns: str) -> str:
    """The columns as a SELECT of the broken file names them: one that an older file has not is 0 in all its rows."""
    names = {name for (name,) in _Rows(broken, f"SELECT name FROM pragma_table_info('{table}')")}
    return ", ".join(name if not names or name in names else "0" for name in columns.split(", "))


def _take(new: sqlite3.Connection, row: tuple[Value, ...], settled: set[int]) -> bool:
    """Copy one row of the outbox where it still is a reading; `settled` gets the number of one that was received."""
    try:
        from_row(row[:_STATE])
    except msgspec.ValidationError:
        taken = False
    else:
        taken = _insert(new, f"INSERT OR IGNORE INTO outbox ({_OUTBOX}) VALUES (?, {PLACES}, ?, ?, ?)", row)
    if not taken and row[_STATE] == "received":
        settled.add(_seq(row))
    return taken


def _lost_by_index(
    broken: sqlite3.Connection, new: sqlite3.Connection, settled: set[int]
) -> list[tuple[int, int]] | None:
    """The owed rows that the broken file's indexes name and `new` has not, as ranges; None where no index is whole.

    A page of the table that the disk did not write, or wrote elsewhere, has fewer rows and reads without an error.
    """
    lost: set[int] = set()
    by_state = _Rows(broken, "SELECT seq, state FROM outbox INDEXED BY outbox_state ORDER BY state, seq")
    for seq, state in by_state:
        if isinstance(seq, int) and not _is_known(new, seq):
            (settled if state == "received" else lost).add(seq)
    by_time = _Rows(broken, "SELECT seq FROM outbox INDEXED BY outbox_wall ORDER BY wall_ms")
    lost.update(seq for (seq,) in by_time if isinstance(seq, int) and not _is_known(new, seq))
    if not by_state.whole and not by_time.whole:
        return None
    runs = groupby(enumerate(sorted(lost - settled)), key=lambda item: item[1] - item[0])
    return [(run[0][1], run[-1][1]) for run in (list(run) for _, run in runs)]


def _holes(new: sqlite3.Connection, *, from_one: bool, highest: int) -> list[tuple[int, int]]:
    """The ranges of numbers that neither a row nor a gap record of `new` has; from 1, else from the first one there."""
    holes = []
    last = 0 if from_one else None
    known = "SELECT seq AS first, seq AS last FROM outbox UNION ALL SELECT first, last FROM gaps ORDER BY first"
    for first, until in [*new.execute(known), (highest + 1, highest)]:
        if last is not None and first > last + 1:
            holes.append((last + 1, first - 1))
        last = until if last is None else max(last, until)
    return holes


def _is_known(new: sqlite3.Connection, seq: int) -> bool:
    found = "SELECT 1 FROM outbox WHERE seq = :seq UNION ALL SELECT 1 FROM gaps WHERE :seq BETWEEN first AND last"
    return new.execute(found, {"seq": seq}).fetchone() is not None


def _insert(new: sqlite3.Connection, sql: str, row: tuple[Value, ...]) -> bool:
    try:
        return bool(new.execute(sql, row).rowcount)
    except sqlite3.IntegrityError:
        return False  # what breaks a CHECK was broken with the file


def _name(new: sqlite3.Connection, epoch: str, first: int, last: int, changed_ms: int) -> None:
    """Name lost numbers; their time lies between those of the rows beside them."""
    before = new.execute("SELECT wall_ms FROM outbox WHERE seq < ? ORDER BY seq DESC LIMIT 1", (first,)).fetchone()
    after = new.execute("SELECT wall_ms FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1", (last,)).fetchone()
    from_ms = before[0] if before else min(changed_ms, after[0]) if after else changed_ms
    until_ms = max(from_ms, after[0] if after else _now_ms())
    count = last - first + 1
    gap = Gap(first=first, last=last, count=count, from_ms=from_ms, until_ms=until_ms, cause=GapCause.CORRUPT)
    add_gap(new, epoch, gap)


def _one(broken: sqlite3.Connection, sql: str) -> Value:
    return next((row[0] for row in _Rows(broken, sql)), None)


def _seq(row: tuple[Value, ...] | None) -> int:
    return row[0] if row and isinstance(row[0], int) else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
