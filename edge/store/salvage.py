"""What can still be read of a broken outbox goes on in a new one; the rest is named by gap records.

The outbox is read from its beginning to the first unreadable place, and then from its end back to the last one. What
the centre has received stays received.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from contract.messages import Gap, GapCause
from edge.store.bounds import add_gap, epoch_of, record_lost
from edge.store.rows import COLUMN_LIST, COLUMNS, PLACES, Value, from_row

_SENDING: Final = ("state", "reported", "why")
_OUTBOX: Final = f"seq, {COLUMN_LIST}, {', '.join(_SENDING)}"
_GAPS: Final = "epoch, first, last, count, from_ms, until_ms, cause, sent, reported"
_WALL: Final = 1 + COLUMNS.index("wall_ms")
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
    for row in _Rows(broken, f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY rowid"):
        kept += _insert(new, f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})", row)
    return kept


def _copy_outbox(broken: sqlite3.Connection, new: sqlite3.Connection, changed_ms: int) -> int:
    epoch = _one(broken, "SELECT epoch FROM meta")
    epoch = epoch if isinstance(epoch, str) and len(epoch) >= 8 else epoch_of(new)
    head = _Rows(broken, f"SELECT {_OUTBOX} FROM outbox NOT INDEXED ORDER BY seq")
    kept = sum(_take(new, epoch, row) for row in head)
    if head.whole:
        return kept
    after = _seq(head.last)
    tail = _Rows(broken, f"SELECT {_OUTBOX} FROM outbox NOT INDEXED WHERE seq > {after} ORDER BY seq DESC")
    kept += sum(_take(new, epoch, row) for row in tail)
    highest = _one(broken, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
    last = _seq(tail.last) - 1 if tail.last else highest if isinstance(highest, int) else after
    from_ms = _wall(head.last) or changed_ms
    until_ms = _wall(tail.last) or _now_ms()
    if last > after:
        _name(new, epoch, after + 1, last, from_ms, until_ms)
    elif not head.last and not tail.last:
        record_lost(new, 1, from_ms, until_ms, GapCause.CORRUPT)  # nobody can say how many: one stands for all
    return kept


def _take(new: sqlite3.Connection, epoch: str, row: tuple[Value, ...]) -> bool:
    """Copy one row of the outbox; one that is no reading any more is named instead."""
    try:
        from_row(row[:_STATE])
    except msgspec.ValidationError:
        if row[_STATE] != "received":
            _name(new, epoch, _seq(row), _seq(row), _wall(row), _wall(row))
        return False
    columns = f"INSERT OR IGNORE INTO outbox ({_OUTBOX}) VALUES (?, {PLACES}, ?, ?, ?)"
    return _insert(new, columns, row)


def _insert(new: sqlite3.Connection, sql: str, row: tuple[Value, ...]) -> bool:
    try:
        return bool(new.execute(sql, row).rowcount)
    except sqlite3.IntegrityError:
        return False  # what breaks a CHECK was broken with the file


def _name(new: sqlite3.Connection, epoch: str, first: int, last: int, from_ms: int, until_ms: int) -> None:
    count = last - first + 1
    gap = Gap(first=first, last=last, count=count, from_ms=from_ms, until_ms=until_ms, cause=GapCause.CORRUPT)
    add_gap(new, epoch, gap)


def _one(broken: sqlite3.Connection, sql: str) -> Value:
    return next((row[0] for row in _Rows(broken, sql)), None)


def _seq(row: tuple[Value, ...] | None) -> int:
    return row[0] if row and isinstance(row[0], int) else 0


def _wall(row: tuple[Value, ...] | None) -> int:
    value = row[_WALL] if row else 0
    return value if isinstance(value, int) and value > 0 else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
