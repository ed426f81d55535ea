"""The ranges that a page can show, and the window of time that each means at a moment, in the site's zone.

A window is a row of columns of equal length in elapsed time, so that a day of 23 or 25 hours has as many columns as it
is long; which hour a column is called is asked of the zone, column by column.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final
from zoneinfo import ZoneInfo

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

FIRST_HOUR, LAST_HOUR = 8, 18  # what a day shows where no reading says otherwise
WEEK_DAYS: Final = 7


class Grain(str, Enum):
    """Which table a range is drawn from."""

    READINGS = "readings"
    MINUTES = "minutes"
    QUARTERS = "quarters"


@dataclass(frozen=True, kw_only=True)
class Range:
    """A range by its name in the address, and how long a column of its charts, a row of its table, an axis step is."""

    key: str
    grain: Grain
    step_ms: int
    row_ms: int
    tick_ms: int


RANGES: Final = {
    item.key: item
    for item in (
        Range(key="15min", grain=Grain.READINGS, step_ms=5 * SECOND, row_ms=MINUTE, tick_ms=MINUTE),
        Range(key="hour", grain=Grain.MINUTES, step_ms=MINUTE, row_ms=5 * MINUTE, tick_ms=5 * MINUTE),
        Range(key="day", grain=Grain.MINUTES, step_ms=5 * MINUTE, row_ms=HOUR, tick_ms=HOUR),
        Range(key="week", grain=Grain.QUARTERS, step_ms=HOUR, row_ms=DAY, tick_ms=DAY),
    )
}
SHORTEST: Final = 3 * MINUTE
"""How long the shortest range is at first: it grows to its full length with the readings."""

COARSE: Final = {"15min": 15 * SECOND}
"""Longer columns where many desks stand beside each other."""

LENGTHS: Final = {"15min": 15 * MINUTE, "hour": HOUR}
"""The ranges that roll along with the clock, and how long they are."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """`count` columns of `step_ms` from `start_ms`, looked at when the clock says `now_ms` (UTC milliseconds)."""

    range: Range
    zone: ZoneInfo
    start_ms: int
    step_ms: int
    count: int
    now_ms: int

    @property
    def end_ms(self) -> int:
        """The first millisecond after the last column."""
        return self.start_ms + self.count * self.step_ms

    @property
    def current(self) -> int:
        """The column in progress, or the last one where the window is over."""
        return max(0, min(self.count - 1, (self.now_ms - self.start_ms) // self.step_ms))

    def at(self, column: int) -> int:
        """The first millisecond of a column."""
        return self.start_ms + column * self.step_ms

    def rows(self) -> tuple[tuple[int, int], ...]:
        """The rows of the table as [first, last) columns: cut at full minutes, hours or days of the zone."""
        cuts = self._cuts(self.range.row_ms, self.count)
        return tuple(zip([0, *cuts], [*cuts, self.count], strict=True))

    def ticks(self) -> tuple[int, ...]:
        """The columns at whose beginning the axis has a mark: a full minute, hour or day of the zone begins there."""
        whole = self._step_at(0, self.range.tick_ms) != self._step_at(-1, self.range.tick_ms)
        return (*((0,) if whole else ()), *self._cuts(self.range.tick_ms, self.count + 1))

    def _cuts(self, length_ms: int, count: int) -> list[int]:
        steps = [self._step_at(column, length_ms) for column in range(count)]
        return [column for column in range(1, count) if steps[column] != steps[column - 1]]

    def _step_at(self, column: int, length_ms: int) -> tuple[object, ...]:
        """What names the minute, hour or day in which a column begins; an hour that comes twice has two names."""
        ms = self.at(column)
        if length_ms < HOUR:
            return (ms // length_ms,)
        here = local(ms, self.zone)
        return (here.date(),) if length_ms >= DAY else (here.date(), here.hour, here.utcoffset())


def window(
    chosen: Range,
    zone: ZoneInfo,
    now_ms: int,
    *,
    first_ms: int | None = None,
    begun_ms: int | None = None,
    step_ms: int | None = None,
    ends_now: bool = False,
) -> Window:
    """The window that `chosen` means now, in columns of its own length or of `step_ms`.

    `first_ms` is the first reading of today, from which a day is shown; `begun_ms` the first reading ever. `ends_now`:
    nothing is to come today.
    """
    step = step_ms or chosen.step_ms
    if chosen.key in LENGTHS:
        end = now_ms - now_ms % step + step
        start = end - LENGTHS[chosen.key]
        if chosen.key == "15min" and begun_ms is not None:
            start = max(start, min(begun_ms - begun_ms % step, end - SHORTEST))
    elif chosen.key == "day":
        start, end = _opening_hours(zone, now_ms, first_ms, ends_now=ends_now)
    else:
        today = local(now_ms, zone).date()
        start = midnight(today - timedelta(days=WEEK_DAYS - 1), zone)
        end = midnight(today + timedelta(days=1), zone)
    return Window(range=chosen, zone=zone, start_ms=start, step_ms=step, count=-(-(end - start) // step), now_ms=now_ms)


def chosen_range(key: str | None, now_ms: int, begun_ms: int | None) -> Range:
    """The range named in the address; where none is, the shortest with room for all readings since `begun_ms`."""
    if key in RANGES:
        return RANGES[key]
    age = now_ms - begun_ms if begun_ms is not None else 0
    return RANGES[next((name for name, length in LENGTHS.items() if age < length), "day")]


def local(ms: int, zone: ZoneInfo) -> datetime:
    """The moment `ms` as the clocks of `zone` show it."""
    return datetime.fromtimestamp(ms / 1000, zone)


def midnight(day: date, zone: ZoneInfo, hour: int = 0) -> int:
    """The moment at which `day` is `hour` o'clock in `zone`; hour 24 is the next day's midnight."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone)
    if hour >= 24:
        at += timedelta(days=1)
    return round(at.replace(hour=hour % 24).timestamp() * 1000)


def _opening_hours(zone: ZoneInfo, now_ms: int, first_ms: int | None, *, ends_now: bool) -> tuple[int, int]:
    """From the hour of the first reading (8 where there is none) to 18, or the end of the hour that it is now."""
    now = local(now_ms, zone)
    first = local(first_ms, zone) if first_ms is not None else None
    opens = first.hour if first is not None and first.date() == now.date() else FIRST_HOUR
    closes = now.hour + 1 if ends_now else max(LAST_HOUR, now.hour + 1)
    return midnight(now.date(), zone, min(opens, closes - 1)), midnight(now.date(), zone, closes)
