"""A desk of recordings: on which days there are any, and which day its page shows.

Nothing on such a page is of now: what stands for now is the end of the last recording of the day that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.web import queries
from central.web.language import Language
from central.web.ranges import local, midnight
from central.web.records import Desk
from central.web.view import Figure


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The days of a desk's recordings, newest first, the one that is shown, and when its last recording ended."""

    days: tuple[date, ...]
    shown: date
    until_ms: int


@dataclass(frozen=True, kw_only=True)
class DayLink:
    """A day as the list of days prints it; `day` as it stands in the address."""

    day: str
    text: str
    shown: bool


def recorded_of(connection: Connection, desk: Desk, zone: ZoneInfo, asked: str) -> Recorded | None:
    """The recordings of a desk and the day that is asked for, else the newest; None for a camera's desk or none."""
    if not desk.recorded:
        return None
    starts = queries.recorded_quarters(connection, desk.id)
    days = tuple(sorted({local(start, zone).date() for start in starts}, reverse=True))
    shown = next((day for day in days if day.isoformat() == asked), days[0] if days else None)
    if shown is None:
        return None
    end = midnight(shown + timedelta(days=1), zone)
    until = queries.recorded_until(connection, desk.id, end)
    return None if until is None else Recorded(days=days, shown=shown, until_ms=until)


def links(recorded: Recorded, zone: ZoneInfo, words: Language) -> tuple[DayLink, ...]:
    """The days to choose from."""
    return tuple(
        DayLink(day=day.isoformat(), text=words.date(midnight(day, zone), zone), shown=day == recorded.shown)
        for day in recorded.days
    )


def days_figure(days: Sequence[DayLink], words: Language) -> Figure:
    """How many days there are, and from when to when."""
    span = " – ".join(dict.fromkeys((days[-1].text, days[0].text))) if days else ""
    return Figure(key="days", label=words.t("rec_days"), value=words.integer(len(days)), note=span)
