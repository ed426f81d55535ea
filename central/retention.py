"""Lets go of what is older than the settings say: raw rows after days, minutes after months, quarter-hours after years.

What may be gone is written to `purged` before anything is deleted, and never falls: ingest reads there whether a number
without a raw row can be a replay. Rows go in small steps, so that ingest never waits long for the lock. A raw row is as
old as its wall time, or where that cannot be believed, as its receipt.

Recordings have days of their own, for their raw rows and their sums alike: they go together, so that while a sum is
there the rows tell what is in it, and once it is gone nothing can be added to it twice. What came too late for that is
refused by name (central/judge.py), so nothing that was taken goes at once.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Engine, Table, and_, delete, exists, or_, select, tuple_
from sqlalchemy.exc import DBAPIError

from central import conversations, database
from central.errors import DatabaseError
from central.raw import RECORDED
from central.schema import ROLLUPS, UNPLACED, boxes, gaps, purged, quarantine, readings, refused
from central.schema import conversations as told
from central.settings import Retention
from central.statements import insert_many, insert_sql

DAY_MS: Final = 86_400_000
STEP_ROWS: Final = 2000  # about 50 ms of SQLite's write lock

_ADVANCE: Final = insert_sql(
    purged,
    ("what", "before_ms"),
    (
        (
            "before_ms",
            "CASE WHEN excluded.before_ms > purged.before_ms THEN excluded.before_ms ELSE purged.before_ms END",
        ),
    ),
)
_SET: Final = insert_sql(purged, ("what", "before_ms"), (("before_ms", "excluded.before_ms"),))


@dataclass(frozen=True)
class _Due:
    """Rows of one table, of one box where the table is large, that are to go."""

    table: Table
    which: ColumnElement[bool]


def _rollups(minutes_ms: int, quarters_ms: int) -> list[tuple[Table, int]]:
    """Every roll-up of every source, and before when it is to go."""
    return [
        (table, before)
        for pair in ROLLUPS.values()
        for (table, _), before in zip(pair, (minutes_ms, quarters_ms), strict=True)
    ]


class Purge:
    """A purge in steps: `begin` finds what is due, each `step` does a little of it. Both raise DatabaseError."""

    def __init__(self, engine: Engine, settings: Retention) -> None:
        """Nothing is due before `begin`."""
        self.gone = 0  # rows since then
        self._engine = engine
        self._settings = settings
        self._due: deque[_Due] = deque()

    def begin(self, now_ms: int | None = None) -> None:
        """Find what is due at `now_ms`, by the centre's clock where it is not given."""
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        days = self._settings
        raw_ms, minutes_ms, quarters_ms, recorded_ms = (
            max(0, now_ms - kept * DAY_MS)
            for kept in (days.raw_days, days.minutes_days, days.quarters_days, days.recorded_days)
        )
        try:
            with database.writing(self._engine) as connection:
                conversations.settle(connection, raw_ms + DAY_MS)
                insert_many(connection, _ADVANCE, [(readings.name, raw_ms)])
                insert_many(connection, _SET, [(RECORDED, recorded_ms)])
                names = list(connection.execute(select(boxes.c.box)).scalars())
        except DBAPIError as error:
            raise DatabaseError(f"purge: {database.explained(self._engine, error)}") from error
        self.gone = 0
        self._due = deque(
            [
                _Due(readings, and_(UNPLACED, readings.c.received_ms < raw_ms)),
                _Due(quarantine, quarantine.c.received_ms < raw_ms),
                _Due(refused, refused.c.reported_ms < quarters_ms),
                _Due(gaps, gaps.c.reported_ms < quarters_ms),
                _Due(told, told.c.start_ms < quarters_ms),
            ]
        )
        for box in names:
            for before_ms, recorded in ((raw_ms, False), (recorded_ms, True)):
                which = (
                    readings.c.wall_ms < before_ms,
                    readings.c.recorded.is_(recorded),
                    readings.c.wall_ok.is_(True),
                )
                self._due.append(_Due(readings, and_(readings.c.box == box, *which)))
            for table, before_ms in _rollups(minutes_ms, quarters_ms):
                live = and_(table.c.start_ms < before_ms, table.c.recorded_s == 0)
                of_recordings = and_(table.c.start_ms < recorded_ms, table.c.recorded_s > 0)
                self._due.append(_Due(table, and_(table.c.box == box, or_(live, of_recordings))))

    def step(self) -> bool:
        """Delete at most STEP_ROWS rows of what is due; False where nothing is left."""
        if not self._due:
            return False
        due = self._due.popleft()
        try:
            gone = self._delete(due)
        except DBAPIError as error:
            self._due.clear()
            raise DatabaseError(f"purge: {database.explained(self._engine, error)}") from error
        if gone:
            self.gone += gone
            self._due.appendleft(due)
        return True

    def _delete(self, due: _Due) -> int:
        keys = list(due.table.primary_key.columns)
        with self._engine.connect() as connection:
            if not connection.execute(select(exists().where(due.which))).scalar():
                return 0
        with database.writing(self._engine) as connection:
            some = select(*keys).where(due.which).limit(STEP_ROWS)
            return connection.execute(delete(due.table).where(tuple_(*keys).in_(some))).rowcount
