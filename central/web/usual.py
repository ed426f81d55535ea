"""The usual range: the 10th to the 90th percentile of a weekday's hour, over the quarter-hours of the last eight weeks.

Without four weeks of readings there is none, and the pages say from when on there will be. Percentiles move slowly and
cost a few thousand rows, so they are kept until the next hour begins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import quantiles
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.web import queries
from central.web.bins import NOTHING, Sums, add
from central.web.queries import QUARTER, Span
from central.web.ranges import DAY, HOUR, MINUTE, SECOND, Window, local
from contract.expressions import NEGATIVE
from look import LITTLE, STACK

WEEKS: Final = 8
LEAST_WEEKS: Final = 4
_KEPT: Final = 64  # answers; one a page, range and site or desk

Limits = tuple[float, float]


@dataclass(frozen=True)
class Usual:
    """The usual range of a weekday's hour: of valence, of the five negative together, of each share in stack order."""

    valence: Limits
    negative: Limits
    shares: tuple[Limits, ...]


@dataclass(frozen=True)
class Usuals:
    """The usual ranges of a window: of each of its hours and of the hour it is, of a group; of this hour, by desk.

    `quarters` are the same hour's of the weeks before, by desk and beginning; `before` when these hours were.
    """

    hours: tuple[tuple[Span, Usual], ...]
    now: Usual | None
    desks: Mapping[int, Usual]
    before: tuple[Span, ...] = ()
    quarters: Mapping[int, Mapping[int, Sums]] = field(default_factory=dict)

    def of(self, desk_ids: Iterable[int]) -> Usual | None:
        """The usual range of this hour of some of the desks together."""
        mine = [self.quarters[desk_id] for desk_id in desk_ids if desk_id in self.quarters]
        starts = {start for quarters in mine for start in quarters}
        return _usual(self.before, {start: add(item[start] for item in mine if start in item) for start in starts})


NO_USUALS: Final = Usuals((), None, {})


def since_ms(begins_ms: Iterable[int]) -> int | None:
    """From when on there is a usual range: four weeks after the first reading; None before that."""
    first = min(begins_ms, default=None)
    return None if first is None else first + LEAST_WEEKS * 7 * DAY


def usuals(connection: Connection, window: Window, desk_ids: Sequence[int]) -> Usuals:
    """The usual ranges of the hours of a window, of the desks together and each alone; empty before four weeks."""
    if not desk_ids:
        return NO_USUALS
    this = _hour(window.now_ms, window.zone)
    hours = [(hour, _before(hour, window.zone)) for hour in _hours(window)]
    before = _before(this, window.zone)
    spans = sorted({span for _, many in hours for span in many} | set(before))
    together = queries.quarters_together(connection, desk_ids, _joined(spans))
    alone = queries.quarters_by_desk(connection, desk_ids, before)
    ranged = [(hour, _usual(many, together)) for hour, many in hours]
    desks = {desk_id: _usual(before, mine) for desk_id, mine in alone.items()}
    return Usuals(
        hours=tuple((hour, usual) for hour, usual in ranged if usual is not None),
        now=_usual(before, together),
        desks={desk_id: usual for desk_id, usual in desks.items() if usual is not None},
        before=before,
        quarters=alone,
    )


class Keeper:
    """Keeps the answers of `usuals` until the hour is over; safe to ask from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], Usuals] = {}

    def get(self, connection: Connection, window: Window, desk_ids: Sequence[int]) -> Usuals:
        """As `usuals`, from memory where it was asked for in this hour."""
        quarters = (window.start_ms // QUARTER, window.end_ms // QUARTER, window.now_ms // QUARTER)
        key = (window.range.key, window.zone.key, quarters, *desk_ids)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = usuals(connection, window, desk_ids)
            with self._lock:
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[key] = found
        return found


def _hours(window: Window) -> list[Span]:
    """The hours of the zone that a window touches; the first may begin before it."""
    found: list[Span] = []
    for ms in range(window.start_ms, window.end_ms, QUARTER):
        if not found or ms >= found[-1][1]:
            found.append(_hour(ms, window.zone))
    if found and found[-1][1] < window.end_ms:
        found.append(_hour(window.end_ms - 1, window.zone))
    return found


def _hour(ms: int, zone: ZoneInfo) -> Span:
    """The hour of the zone in which `ms` lies; every zone in use differs from UTC by whole quarter-hours."""
    start = ms - ms % QUARTER
    start -= local(start, zone).minute * MINUTE
    return start, start + HOUR


def _before(hour: Span, zone: ZoneInfo) -> tuple[Span, ...]:
    """The same hour of the same weekday in each of the weeks before, as the clocks of the zone showed it."""
    here = local(hour[0], zone)
    spans = []
    for week in range(1, WEEKS + 1):
        start = round((here - timedelta(weeks=week)).timestamp()) * SECOND
        spans.append((start, start + HOUR))
    return tuple(spans)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Sorted spans with those that touch made one."""
    joined: list[Span] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _usual(spans: Sequence[Span], sums: Mapping[int, Sums]) -> Usual | None:
    """The percentiles over the quarter-hours of the same hour in several weeks, where at least four have some."""
    found: list[Sums] = []
    weeks = 0
    for first, last in spans:
        here = [sums.get(start, NOTHING) for start in range(first, last, QUARTER)]
        enough = [item for item in here if item.seen_s > LITTLE * (item.seen_s + item.unseen_s)]
        weeks += bool(enough)
        found += enough
    if weeks < LEAST_WEEKS:
        return None
    shares = [[item.shares[i] / item.seen_s for item in found] for i in range(len(STACK))]
    negative = [sum(shares[STACK.index(name)][k] for name in NEGATIVE) for k in range(len(found))]
    return Usual(
        valence=_limits([item.valence / item.seen_s for item in found]),
        negative=_limits(negative),
        shares=tuple(_limits(values) for values in shares),
    )


def _limits(values: Sequence[float]) -> Limits:
    tenths = quantiles(values, n=10, method="inclusive")
    return tenths[0], tenths[-1]
