"""The gaps of a desk's day and what became of them: lost, arrived late, still to come, or too little seen, and why.

Beside them every gap record of the desk, of whatever day: readings that an outbox had to let go of are named until they
are purged, however few. What is not observed is no gap and is never listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from central.web import machinery
from central.web.bins import Bin, Look
from central.web.language import Language
from central.web.ranges import MINUTE, Window
from central.web.records import Arrival, Desk, LostReadings

SHOWN: Final = 8
LOST_SHOWN: Final = 20
LEAST: Final = 2  # minutes; shorter ones are not listed
_KINDS: Final = (Look.GAP, Look.FEW, Look.LATE)


@dataclass(frozen=True)
class Run:
    """Minutes of one kind that follow each other, [from, until)."""

    look: Look
    from_ms: int
    until_ms: int


@dataclass(frozen=True, kw_only=True)
class GapRow:
    """A line of the list."""

    start: str
    length: str
    what: str


@dataclass(frozen=True, kw_only=True)
class LostRow:
    """A gap record as its line prints it."""

    start: str
    end: str
    count: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """The gaps of today: the newest ones, how many more there are, and what they add up to; `lost` of all days.

    `count` has each gap once: a gap record of today counts where no listed stretch of missing minutes tells of it.
    """

    rows: tuple[GapRow, ...]
    more: int
    count: int
    total: str
    lost: tuple[LostRow, ...]
    lost_more: int


def runs(bins: Sequence[Bin], window: Window) -> list[Run]:
    """The stretches of missing, little seen and late minutes, oldest first."""
    found: list[Run] = []
    for column, item in enumerate(bins[: window.current]):  # the minute in progress is not over
        if item.look not in _KINDS:
            continue
        last = found[-1] if found else None
        if last is not None and last.look is item.look and last.until_ms == window.at(column):
            found[-1] = Run(item.look, last.from_ms, window.at(column + 1))
        else:
            found.append(Run(item.look, window.at(column), window.at(column + 1)))
    return [run for run in found if run.until_ms - run.from_ms >= LEAST * MINUTE]


def gaps_of(
    connection: Connection,
    desk: Desk,
    bins: Sequence[Bin],
    window: Window,
    *,
    since_ms: int,
    offline: bool,
    words: Language,
) -> Gaps:
    """The gaps of a desk over a window of minutes, and those that gap records name; today began at `since_ms`."""
    found = runs(bins, window)
    shown = found[::-1][:SHOWN]
    first, last = (shown[-1].from_ms, shown[0].until_ms) if shown else (0, 0)
    facts = _Facts(
        desk=desk,
        offline=offline,
        now_ms=window.now_ms,
        reasons=machinery.reasons(
            connection, desk.id, [(run.from_ms, run.until_ms) for run in shown if run.look is Look.FEW]
        ),
        arrivals=machinery.arrivals(connection, desk.id, first, last) if shown else {},
        lost=machinery.lost(connection, desk.id, since_ms),
    )
    missing = [run for run in found if run.look is Look.GAP]
    records, count = machinery.all_lost(connection, desk.id, LOST_SHOWN)
    return Gaps(
        rows=tuple(
            GapRow(
                start=words.clock(run.from_ms, window.zone),
                length=words.duration(run.until_ms - run.from_ms),
                what=_what(run, facts, window, words),
            )
            for run in shown
        ),
        more=len(found) - len(shown),
        count=len(found) + sum(not any(_touch(record, run) for run in missing) for record in facts.lost),
        total=_total(found, facts.lost, words),
        lost=tuple(_lost_row(record, window, words) for record in records),
        lost_more=count - len(records),
    )


def _lost_row(record: LostReadings, window: Window, words: Language) -> LostRow:
    return LostRow(
        start=words.moment(record.from_ms, window.zone, window.now_ms),
        end=words.moment(record.until_ms, window.zone, window.now_ms),
        count=words.integer(record.count),
        cause=words.t(f"c_{record.cause}"),
    )


def _touch(record: LostReadings, run: Run) -> bool:
    return record.from_ms < run.until_ms and record.until_ms >= run.from_ms


def _total(found: Sequence[Run], lost: Sequence[LostReadings], words: Language) -> str:
    """How long each kind lasted and how many readings were lost, or that there was no gap."""
    lengths = {look: sum(run.until_ms - run.from_ms for run in found if run.look is look) for look in _KINDS}
    said = [words.t(f"total_{look.value}", d=words.duration(length)) for look, length in lengths.items() if length]
    if lost:
        said.append(words.t("t_lost", n=words.integer(sum(record.count for record in lost))))
    return words.t("comma").join(said) or words.t("gaps_none")


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the tables know of the stretches shown."""

    desk: Desk
    offline: bool
    now_ms: int
    reasons: Mapping[tuple[int, int], Mapping[str, float]]
    arrivals: Mapping[int, Arrival]
    lost: Sequence[LostReadings]


def _what(run: Run, facts: _Facts, window: Window, words: Language) -> str:
    if run.look is Look.FEW:
        reasons = facts.reasons[(run.from_ms, run.until_ms)]
        if not reasons:
            return words.t("g_few_plain")
        return words.t("g_few", reason=words.t(f"r_{max(reasons, key=lambda name: reasons[name])}"))
    if run.look is Look.LATE:
        came = [facts.arrivals[ms] for ms in range(run.from_ms, run.until_ms, MINUTE) if ms in facts.arrivals]
        if not came:
            return words.t("g_late_plain")
        last = max(arrival.last_ms for arrival in came)
        count = sum(arrival.count for arrival in came)
        return words.t("g_late", n=words.integer(count), time=words.moment(last, window.zone, window.now_ms))
    return _missing(run, facts, words)


def _missing(run: Run, facts: _Facts, words: Language) -> str:
    lost = [record for record in facts.lost if _touch(record, run)]
    if lost:
        count = sum(record.count for record in lost)
        return words.t("g_lost", n=words.integer(count), cause=words.t(f"c_{lost[-1].cause}"))
    waiting = facts.desk.status.waiting if facts.desk.status is not None else None
    if facts.offline and facts.now_ms - run.until_ms < LEAST * MINUTE:
        return words.t("g_offline")
    if waiting and waiting > SHOWN:
        return words.t("g_waiting", n=words.integer(waiting))
    return words.t("g_nothing")
