"""The made year: sums that agree, as far back as each kind is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench import year
from bench.pages import NOW_MS
from bench.year import DAY, MINUTE, QUARTER, Year
from central import database
from central.rollup import SUMS
from central.web.ranges import local

SMALL = Year(until_ms=NOW_MS, days=20, minutes_days=8, raw_days=2, desks=2)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("year") / "year.db"
    year.make(path, SMALL)
    return path


@pytest.fixture(scope="module")
def db(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file)
    yield connection
    connection.close()


def test_its_tables_are_those_of_the_centre(file: Path) -> None:
    engine = database.connect(f"sqlite:///{file}")
    database.check(engine)
    engine.dispose()


def test_minutes_are_the_sums_of_the_raw_readings(db: sqlite3.Connection) -> None:
    raw = db.execute(
        "SELECT box, wall_ms - wall_ms % 60000, count(*), total(duration_s * (reason IS NULL)), "
        "total(duration_s * p_happiness) FROM readings GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    (begins,) = db.execute("SELECT min(wall_ms) FROM readings").fetchone()
    minutes = db.execute(
        "SELECT box, start_ms, readings, seen_s, sum_happiness FROM minutes WHERE start_ms >= ? ORDER BY 1, 2",
        (begins,),
    ).fetchall()
    assert len(raw) > 1000
    assert [row[:3] for row in minutes] == [row[:3] for row in raw]
    for mine, theirs in zip(minutes, raw, strict=True):
        assert mine[3:] == pytest.approx(theirs[3:])


def test_quarter_hours_are_the_sums_of_the_minutes(db: sqlite3.Connection) -> None:
    sums = ", ".join(f"total({name})" for name in SUMS)
    (begins,) = db.execute("SELECT min(start_ms) FROM minutes").fetchone()
    of_minutes = db.execute(
        f"SELECT box, start_ms - start_ms % 900000, {sums} FROM minutes GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    quarters = db.execute(
        f"SELECT box, start_ms, {', '.join(SUMS)} FROM quarters WHERE start_ms >= ? ORDER BY 1, 2", (begins,)
    ).fetchall()
    assert len(quarters) > 100
    assert [row[:2] for row in quarters] == [row[:2] for row in of_minutes]
    for mine, theirs in zip(quarters, of_minutes, strict=True):
        assert mine[2:] == pytest.approx(theirs[2:])


def test_each_kind_reaches_back_as_far_as_it_is_kept(db: sqlite3.Connection) -> None:
    for table, column, days in (("readings", "wall_ms", 2), ("minutes", "start_ms", 8), ("quarters", "start_ms", 20)):
        first, last = db.execute(f"SELECT min({column}), max({column}) FROM {table}").fetchone()
        assert NOW_MS - days * DAY <= first < NOW_MS - (days - 3) * DAY
        assert NOW_MS - QUARTER <= last < NOW_MS


def test_nobody_works_at_night_or_on_sunday(db: sqlite3.Connection) -> None:
    zone = ZoneInfo(year.ZONE)
    for (start,) in db.execute("SELECT DISTINCT start_ms FROM minutes"):
        at = local(start, zone)
        assert at.weekday() < 5
        assert year.OPENS <= at.hour < year.CLOSES


def test_the_same_arguments_make_the_same_rows(db: sqlite3.Connection, tmp_path: Path) -> None:
    year.make(tmp_path / "again.db", SMALL)
    again = sqlite3.connect(tmp_path / "again.db")
    try:
        for table in ("readings", "minutes", "quarters", "boxes", "desks", "placements"):
            query = f"SELECT * FROM {table} ORDER BY 1, 2"
            assert again.execute(query).fetchall() == db.execute(query).fetchall()
    finally:
        again.close()


def test_bins_begin_on_their_boundaries_and_are_no_longer_than_they_are(db: sqlite3.Connection) -> None:
    for table, length in (("minutes", MINUTE), ("quarters", QUARTER)):
        rows = db.execute(f"SELECT start_ms % ?, seen_s + unseen_s FROM {table}", (length,)).fetchall()
        assert {row[0] for row in rows} == {0}
        assert max(row[1] for row in rows) <= length / 1000 + 1e-6


def test_a_file_that_is_there_is_not_written_over(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert year.main(["--out", str(file)]) == 2
    assert "name a new file" in capsys.readouterr().err
