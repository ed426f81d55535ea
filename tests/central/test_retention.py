"""What is let go, when, and in which steps. That a replay afterwards changes nothing is in test_store.py."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, Table, func, select

from central import retention
from central.errors import DatabaseError
from central.retention import Purge
from central.schema import gaps, metadata, minutes, purged, quarantine, quarters, readings, received, refused
from central.settings import Retention
from central.store import store
from contract.messages import Gap, GapCause, ReportGap

from .made import DAY_MS, EPOCH, NOW_MS, arrival, asking, numbered, reading, renumbered


def purge(engine: Engine, now_ms: int) -> int:
    """All that is due by the defaults; returns how many rows went."""
    work = Purge(engine, Retention())
    work.begin(now_ms)
    while work.step():
        pass
    return work.gone


def count(engine: Engine, table: Table) -> int:
    """How many rows a table has."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A row at least in each table that is purged, all of one moment."""
    store(engine, [arrival(numbered([1, 2, 3]))], NOW_MS)
    store(engine, [arrival([reading(1, boot="b1" * 8), renumbered(reading(1, confidence=0.1), 9)])], NOW_MS)
    gap = Gap(first=4, last=5, count=2, from_ms=NOW_MS, until_ms=NOW_MS, cause=GapCause.FULL_DAYS)
    store(engine, [asking(ReportGap(epoch=EPOCH, gap=gap))], NOW_MS)
    return engine


@pytest.mark.parametrize(
    ("days", "gone", "kept"),
    [
        (29.9, (), (readings, quarantine, minutes, quarters, refused, gaps)),
        (30.1, (readings, quarantine), (minutes, quarters, refused, gaps)),
        (180.1, (readings, quarantine, minutes), (quarters, refused, gaps)),
        (1095.1, (readings, quarantine, minutes, quarters, refused, gaps), ()),
    ],
)
def test_raw_rows_live_days_minutes_months_quarter_hours_years(
    filled: Engine, days: float, gone: tuple[Table, ...], kept: tuple[Table, ...]
) -> None:
    purge(filled, NOW_MS + int(days * DAY_MS))
    assert [count(filled, table) for table in gone] == [0] * len(gone)
    assert all(count(filled, table) for table in kept)
    assert count(filled, received) == 1, "what was received is for the life of the epoch"


def test_it_goes_in_small_steps(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    store(sqlite_engine, [arrival(numbered(range(1, 101)))], NOW_MS)
    monkeypatch.setattr(retention, "STEP_ROWS", 30)
    work = Purge(sqlite_engine, Retention())
    work.begin(NOW_MS + 31 * DAY_MS)
    left = []
    while work.step():
        left.append(count(sqlite_engine, readings))
    assert sorted(set(left), reverse=True) == [100, 70, 40, 10, 0]


def test_what_may_be_gone_is_written_before_anything_goes_and_never_falls(engine: Engine) -> None:
    def before_ms() -> Any:
        with engine.connect() as connection:
            return connection.execute(select(purged.c.before_ms)).scalar()

    store(engine, [arrival(numbered([1]))], NOW_MS)
    work = Purge(engine, Retention(raw_days=10))
    work.begin(NOW_MS + 40 * DAY_MS)
    assert (before_ms(), count(engine, readings)) == (NOW_MS + 30 * DAY_MS, 1)
    purge(engine, NOW_MS + 40 * DAY_MS)
    assert before_ms() == NOW_MS + 30 * DAY_MS, "thirty days now, but ten have been let go already"


def test_a_database_that_is_gone_is_named(sqlite_engine: Engine) -> None:
    metadata.drop_all(sqlite_engine)
    with pytest.raises(DatabaseError, match=r"purge: .*no such table"):
        Purge(sqlite_engine, Retention()).begin()
