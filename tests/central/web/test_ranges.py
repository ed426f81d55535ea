"""Windows of time: which columns a range has, in the zone of the site, on long and short days too."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from central.web.ranges import HOUR, MINUTE, RANGES, SECOND, Window, chosen_range, local, window

HANOI, BERLIN, KATHMANDU = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")


def _ms(zone: ZoneInfo, *at: int) -> int:
    return round(datetime(*at, tzinfo=zone).timestamp() * 1000)  # type: ignore[arg-type, misc]


def _clocks(of: Window, columns: tuple[int, ...]) -> list[str]:
    return [local(of.at(column), of.zone).strftime("%H:%M") for column in columns]


def test_a_day_begins_with_the_hour_of_its_first_reading_and_ends_at_18() -> None:
    first, now = _ms(HANOI, 2026, 11, 20, 14, 10), _ms(HANOI, 2026, 11, 20, 15, 42)
    day = window(RANGES["day"], HANOI, now, first_ms=first)
    assert (day.start_ms, day.end_ms) == (_ms(HANOI, 2026, 11, 20, 14), _ms(HANOI, 2026, 11, 20, 18))
    assert day.count == 48
    assert day.at(day.current) == _ms(HANOI, 2026, 11, 20, 15, 40)


def test_a_day_without_a_reading_shows_8_to_18() -> None:
    day = window(RANGES["day"], HANOI, _ms(HANOI, 2026, 11, 20, 9), first_ms=None)
    assert (day.start_ms, day.end_ms) == (_ms(HANOI, 2026, 11, 20, 8), _ms(HANOI, 2026, 11, 20, 18))


def test_late_in_the_evening_a_day_reaches_to_midnight() -> None:
    now = _ms(HANOI, 2026, 11, 20, 23, 30)
    day = window(RANGES["day"], HANOI, now, first_ms=_ms(HANOI, 2026, 11, 20, 22, 30))
    assert (day.start_ms, day.end_ms) == (_ms(HANOI, 2026, 11, 20, 22), _ms(HANOI, 2026, 11, 21, 0))


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (6, 1, 24)])
def test_a_day_has_as_many_columns_as_it_is_long(month: int, day: int, hours: int) -> None:
    now = _ms(BERLIN, 2026, month, day, 23, 59)
    whole = window(RANGES["day"], BERLIN, now, first_ms=_ms(BERLIN, 2026, month, day, 0, 1))
    assert whole.count == hours * 12
    assert len(whole.rows()) == hours


def test_the_hour_that_comes_twice_is_two_rows_of_one_name() -> None:
    now = _ms(BERLIN, 2026, 10, 25, 12)
    day = window(RANGES["day"], BERLIN, now, first_ms=_ms(BERLIN, 2026, 10, 25, 1, 30))
    begins = tuple(first for first, _ in day.rows())
    assert _clocks(day, begins)[:4] == ["01:00", "02:00", "02:00", "03:00"]


def test_hours_of_a_zone_at_quarter_to_are_its_own() -> None:
    now = _ms(KATHMANDU, 2026, 11, 20, 10, 20)
    day = window(RANGES["day"], KATHMANDU, now, first_ms=_ms(KATHMANDU, 2026, 11, 20, 9, 10))
    assert day.start_ms % HOUR == 15 * MINUTE  # 09:00 there is 03:15 UTC
    assert _clocks(day, day.ticks())[:3] == ["09:00", "10:00", "11:00"]


def test_the_last_hour_rolls_along_by_whole_minutes() -> None:
    now = _ms(HANOI, 2026, 11, 20, 15, 42) + 9 * SECOND
    hour = window(RANGES["hour"], HANOI, now)
    assert (hour.count, hour.current) == (60, 59)
    assert _clocks(hour, (0, 59)) == ["14:43", "15:42"]
    assert _clocks(hour, tuple(first for first, _ in hour.rows()))[:3] == ["14:43", "14:45", "14:50"]


def test_the_shortest_range_grows_with_the_first_readings() -> None:
    begun = _ms(HANOI, 2026, 11, 20, 15, 40)
    lengths = {}
    for after in (1, 5, 30):
        short = window(RANGES["15min"], HANOI, begun + after * MINUTE, begun_ms=begun)
        lengths[after] = round((short.end_ms - short.start_ms) / MINUTE)
    assert lengths == {1: 3, 5: 5, 30: 15}


def test_a_week_is_seven_days_of_the_zone_and_its_rows_are_days() -> None:
    week = window(RANGES["week"], BERLIN, _ms(BERLIN, 2026, 10, 28, 9))
    assert week.start_ms == _ms(BERLIN, 2026, 10, 22, 0)
    assert week.count == 7 * 24 + 1  # the 25th has 25 hours
    assert [last - first for first, last in week.rows()] == [24, 24, 24, 25, 24, 24, 24]


@pytest.mark.parametrize(("age", "key"), [(5 * MINUTE, "15min"), (50 * MINUTE, "hour"), (2 * HOUR, "day")])
def test_without_a_choice_the_shortest_range_with_room_for_all_readings_is_shown(age: int, key: str) -> None:
    assert chosen_range("", 10 * HOUR, 10 * HOUR - age).key == key


def test_a_range_that_is_not_known_is_as_none() -> None:
    assert chosen_range("decade", 10 * HOUR, None).key == "15min"
    assert chosen_range("week", 10 * HOUR, 9 * HOUR).key == "week"


@pytest.mark.parametrize("key", RANGES)
def test_no_range_has_more_than_2000_columns(key: str) -> None:
    now = _ms(BERLIN, 2026, 10, 25, 23, 59)
    assert window(RANGES[key], BERLIN, now, first_ms=_ms(BERLIN, 2026, 10, 25, 0, 1)).count <= 2000
