"""The usual range: percentiles of the same hour in the weeks before, and none before there are four weeks."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from central.web.ranges import DAY, HOUR, RANGES, Window, window
from central.web.usual import Keeper, since_ms, usuals
from contract.expressions import EXPRESSIONS
from tests.central.web import rows
from tests.central.web.rows import QUARTER

HANOI, BERLIN = ZoneInfo(rows.ZONE), ZoneInfo("Europe/Berlin")
NOW = round(datetime(2026, 11, 20, 15, 42, tzinfo=HANOI).timestamp() * 1000)
HOUR_START = NOW - NOW % HOUR


def _window(zone: ZoneInfo = HANOI, now_ms: int = NOW) -> Window:
    return window(RANGES["hour"], zone, now_ms)


def _mix(happy: float) -> tuple[float, ...]:
    """A part that looks happy, the rest sad: valence is 2 * happy - 1."""
    return tuple({"happiness": happy, "sadness": 1 - happy}.get(name, 0.0) for name in EXPRESSIONS)


def _weeks(engine: Engine, weeks: int, *, desks: int = 1) -> list[int]:
    """Of each week before, the four quarter-hours from 15:00, of which a rising part looks happy."""
    with engine.begin() as connection:
        rows.site(connection)
        made = [rows.desk(connection, f"D{i}", box=f"box-{i}") for i in range(desks)]
        values = iter(range(1000))
        for week in range(1, weeks + 1):
            for quarter in range(4):
                at = HOUR_START - week * 7 * DAY + quarter * QUARTER
                for i in range(desks):
                    rows.quarter(connection, f"box-{i}", at, seen=600.0, shares=_mix(next(values) / 100))
    return made


def test_the_usual_range_is_the_tenth_to_the_ninetieth_percentile(engine: Engine) -> None:
    (desk,) = _weeks(engine, 8)
    with engine.connect() as connection:
        found = usuals(connection, _window(), [desk])
    assert found.now is not None  # 32 quarter-hours of which 0, 1, ... 31 % look happy
    assert found.now.shares[0] == pytest.approx((0.031, 0.279))
    assert found.now.valence == pytest.approx((2 * 0.031 - 1, 2 * 0.279 - 1))
    assert found.now.negative == pytest.approx((1 - 0.279, 1 - 0.031))
    assert found.desks[desk] == found.now
    assert [span for span, _ in found.hours] == [(HOUR_START, HOUR_START + HOUR)]


def test_before_four_weeks_there_is_no_usual_range(engine: Engine) -> None:
    (desk,) = _weeks(engine, 3)
    with engine.connect() as connection:
        found = usuals(connection, _window(), [desk])
    assert found.now is None
    assert found.hours == ()
    assert found.desks == {}


def test_it_begins_four_weeks_after_the_first_reading() -> None:
    assert since_ms([NOW, NOW - DAY]) == NOW + 27 * DAY
    assert since_ms([]) is None


def test_a_group_has_a_range_of_its_own(engine: Engine) -> None:
    desks = _weeks(engine, 4, desks=2)
    with engine.connect() as connection:
        found = usuals(connection, _window(), desks)
    assert found.now is not None
    assert found.of(desks) == found.now
    assert found.of(desks[:1]) == found.desks[desks[0]]
    assert found.desks[desks[0]] != found.desks[desks[1]]


def test_quarter_hours_of_which_too_little_was_seen_do_not_count(engine: Engine) -> None:
    (desk,) = _weeks(engine, 4)
    with engine.begin() as connection:
        for week in range(5, 9):
            rows.quarter(connection, "box-0", HOUR_START - week * 7 * DAY, seen=100.0, unseen_s=700.0, shares=_mix(1.0))
        found = usuals(connection, _window(), [desk])
    assert found.now is not None
    assert found.now.shares[0][1] < 0.16


def test_the_same_hour_is_the_hour_of_the_clock_also_across_a_change_of_it(engine: Engine) -> None:
    now = datetime(2026, 11, 6, 15, 42, tzinfo=BERLIN)  # clocks went back on 25 October
    with engine.begin() as connection:
        rows.site(connection, zone=BERLIN.key)
        desk = rows.desk(connection, "A", box="box-a")
        for week in range(1, 6):
            at = now.replace(minute=0) - timedelta(weeks=week)
            rows.quarter(connection, "box-a", round(at.timestamp() * 1000), seen=600.0, shares=_mix(0.5))
        found = usuals(connection, _window(BERLIN, round(now.timestamp() * 1000)), [desk])
    assert found.now is not None


def test_the_keeper_asks_once_an_hour(engine: Engine) -> None:
    (desk,) = _weeks(engine, 4)
    keeper = Keeper()
    with engine.connect() as connection:
        first = keeper.get(connection, _window(), [desk])
        assert keeper.get(connection, _window(now_ms=NOW + 60_000), [desk]) is first
        assert keeper.get(connection, _window(now_ms=NOW + HOUR), [desk]) is not first
