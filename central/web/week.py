"""The week map: valence by hour and weekday, as a table whose cells print their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection

from central.web import queries
from central.web.bins import Bin, Known, Look, columns
from central.web.language import Language
from central.web.ranges import FIRST_HOUR, HOUR, LAST_HOUR, RANGES, Window, local, midnight
from look.language import NONE

STEPS: Final = ((-0.15, "n2"), (-0.03, "n1"), (0.08, "0"), (0.24, "p1"))
_EMPTY: Final = {Look.FEW: ("few", "k_few"), Look.GAP: ("gap", "n_gap"), Look.NOT: ("no", "s_not")}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """An hour: its number, its step or texture, and what a reader of the screen is told where there is no number."""

    text: str
    step: str
    spoken: str = ""
    now: bool = False


@dataclass(frozen=True, kw_only=True)
class WeekMap:
    """The hours shown, and a row of cells by day."""

    hours: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def week_map(connection: Connection, desk_id: int, known: Known, over: Window, words: Language, source: str) -> WeekMap:
    """The calendar week of `over.now_ms`, Monday to Sunday."""
    today = local(over.now_ms, over.zone).date()
    monday = today - timedelta(days=today.weekday())
    start, end = midnight(monday, over.zone), midnight(monday + timedelta(days=7), over.zone)
    week = Window(
        range=RANGES["week"],
        zone=over.zone,
        start_ms=start,
        step_ms=HOUR,
        count=-(-(end - start) // HOUR),
        now_ms=over.now_ms,
    )
    bins = columns(queries.sums(connection, week, [desk_id], source=source).get(desk_id, {}), week, known)
    found = {_name(week, column): (column, item) for column, item in enumerate(bins)}
    hours = _hours(week, bins)
    days = [monday + timedelta(days=i) for i in range(7)]
    return WeekMap(
        hours=tuple(f"{hour:02}" for hour in hours),
        rows=tuple(
            (
                words.weekday_day(midnight(day, over.zone), over.zone),
                tuple(_cell(found.get((day, hour)), week, words) for hour in hours),
            )
            for day in days
        ),
    )


def _name(week: Window, column: int) -> tuple[date, int]:
    here = local(week.at(column), week.zone)
    return here.date(), here.hour


def _hours(week: Window, bins: Sequence[Bin]) -> range:
    """8 to 18, or more where anything was seen before or after."""
    seen = [_name(week, column)[1] for column, item in enumerate(bins) if item.shares is not None]
    return range(min([FIRST_HOUR, *seen]), max([LAST_HOUR - 1, *seen]) + 1)


def _cell(found: tuple[int, Bin] | None, week: Window, words: Language) -> Cell:
    if found is None:
        return Cell(text="", step="no")
    column, item = found
    now = column == week.current
    if item.valence is not None:
        value = item.valence
        step = next((name for limit, name in STEPS if value <= limit), "p2")
        return Cell(text=words.valence(value), step=step, now=now)
    if item.look not in _EMPTY:
        return Cell(text="", step="no", now=now)
    step, spoken = _EMPTY[item.look]
    return Cell(text=NONE if item.look is Look.NOT else "", step=step, spoken=words.t(spoken), now=now)
