"""What templates print: figures, bullets, the legend that is the distribution, tables. Positions are percentages.

Everything here is text or a position already; a template decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from central.web.bins import Bin, Look, over
from central.web.language import Language
from central.web.queries import Span
from central.web.ranges import DAY, Window
from central.web.states import Now, State
from central.web.usual import Limits, Usual
from look import STACK
from look.language import NONE

NARROW: Final = (-0.35, 0.5)  # the fixed scale of valence, and the one taken where a figure leaves it
WIDE: Final = (-1.0, 1.0)
SHARE_SCALE: Final = (0.0, 0.6)
LEGEND_FULL: Final = 0.7
_MARKS: Final = {
    Look.OK: "o",
    Look.LATE: "l",
    Look.FEW: "f",
    Look.NOT: "n",
    Look.GAP: "g",
    Look.NONE: "-",
    Look.FUTURE: "+",
}
_NOTES: Final = {Look.LATE: "k_late", Look.FEW: "k_few", Look.NOT: "k_not", Look.GAP: "n_gap", Look.NONE: "n_none"}


@dataclass(frozen=True, kw_only=True)
class Bullet:
    """Where a value lies on a fixed scale: the tick, the usual range as (x, width), and zero, in percent."""

    tick: float | None
    band: tuple[float, float] | None = None
    zero: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A headline figure. `word` places it in its usual range; `out` where it lies outside."""

    key: str
    label: str
    value: str
    small: str = ""
    word: str = ""
    out: bool = False
    note: str = ""
    bullet: Bullet | None = None


@dataclass(frozen=True, kw_only=True)
class LegendRow:
    """One expression of the distribution: its text and, in percent, its bar and the usual range."""

    key: str
    name: str
    text: str
    width: float
    whisker: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Legend:
    """The distribution over the last quarter of an hour, in the order of the stack, and what part of it was seen."""

    title: str
    rows: tuple[LegendRow, ...]
    seen: str
    seen_width: float
    has_usual: bool


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row of the table beside a chart."""

    label: str
    shares: tuple[str, ...]
    valence: str
    seen: str
    note: str


def bullet(value: float | None, usual: Limits | None, scale: Limits) -> Bullet:
    """The bullet of a value on a scale that begins below zero or at it."""
    low, high = scale

    def at(x: float) -> float:
        return round((min(high, max(low, x)) - low) / (high - low) * 100, 2)

    return Bullet(
        tick=None if value is None else at(value),
        band=None if usual is None else (at(usual[0]), round(at(usual[1]) - at(usual[0]), 2)),
        zero=at(0.0) if low < 0 else None,
    )


def scale_of(values: Iterable[float | None]) -> Limits:
    """The scale of valence on a page: the fixed one, or the whole where a value leaves it."""
    known = [value for value in values if value is not None]
    inside = all(NARROW[0] <= value <= NARROW[1] for value in known)
    return NARROW if inside else WIDE


def place(value: float | None, usual: Limits | None) -> str:
    """The key of the word for where a value lies in its usual range; empty where either is not known."""
    if value is None or usual is None:
        return ""
    return "below_usual" if value < usual[0] else "above_usual" if value > usual[1] else "as_usual"


def leading(item: Bin, language: Language) -> dict[str, str]:
    """The two leading expressions as `a`, `p` and `b`, `q`."""
    assert item.shares is not None
    ranked = sorted(zip(item.shares, STACK, strict=True), key=lambda pair: -pair[0])
    (p, a), (q, b) = ranked[:2]
    return {"a": language.t(a), "p": language.share(p), "b": language.t(b), "q": language.share(q)}


def legend(item: Bin | None, coverage: float | None, usual: Usual | None, language: Language) -> Legend:
    """The distribution of one column; without one, the rows alone."""
    shares = item.shares if item is not None else None
    limits = usual.shares if usual is not None and shares is not None else None
    full = legend_full(shares, limits)
    rows = []
    for i, name in enumerate(STACK):
        part = shares[i] if shares is not None else None
        whisker = None if limits is None else tuple(round(min(100.0, x / full * 100), 2) for x in limits[i])
        rows.append(
            LegendRow(
                key=name,
                name=language.t(name),
                text=language.share(part),
                width=round(min(100.0, (part or 0.0) / full * 100), 2),
                whisker=whisker,  # type: ignore[arg-type]
            )
        )
    return Legend(
        title=language.t("last15"),
        rows=tuple(rows),
        seen=language.share(coverage),
        seen_width=round((coverage or 0.0) * 100, 2),
        has_usual=limits is not None,
    )


def legend_full(shares: Sequence[float] | None, limits: Sequence[Limits] | None) -> float:
    """What a full bar of the legend stands for: 70 %, or all where something is more."""
    highest = max((*(shares or ()), *(limit[1] for limit in limits or ())), default=0.0)
    return LEGEND_FULL if highest <= LEGEND_FULL else 1.0


def table(bins: Sequence[Bin], window: Window, language: Language) -> tuple[TableRow, ...]:
    """The table beside a chart: the same columns, put together by minute, five minutes, hour or day."""
    rows = []
    for first, last in window.rows():
        item = over(bins[first:last])
        if first > window.current or item.look in (Look.NONE, Look.FUTURE):
            continue
        known = item.look is not Look.NOT
        rows.append(
            TableRow(
                label=_row_label(window, first, last, language),
                shares=tuple(language.share(part) for part in item.shares or (None,) * len(STACK)),
                valence=language.valence(item.valence),
                seen=language.share(item.coverage) if known else NONE,
                note=language.t(_NOTES[item.look]) if item.look in _NOTES else "",
            )
        )
    return tuple(rows)


def strip(bins: Sequence[Bin], window: Window) -> dict[str, Any]:
    """The columns of a strip as JSON takes them: parts in thousandths, in the order of the stack; see series.js."""
    return {
        "start": window.start_ms,
        "step": window.step_ms,
        "n": window.count,
        "now": window.current,
        "bins": [_coded(item) for item in bins[: window.current + 1]],
    }


def series(
    bins: Sequence[Bin], window: Window, language: Language, usual: Sequence[tuple[Span, Usual]]
) -> dict[str, Any]:
    """The columns of a chart: those of a strip, with its axis, its table's longest row and its usual range."""
    return {
        **strip(bins, window),
        "page": max(last - first for first, last in window.rows()),
        "ticks": [[i, _tick_label(window, i, language)] for i in window.ticks()],
        "usual": _band(window, usual),
    }


def outside(now: Now, usual: Usual | None) -> str:
    """`up` or `down` where the last quarter of an hour lies outside a desk's usual range; else empty."""
    if now.state is not State.LIVE or now.figure is None or usual is None:
        return ""
    return {"above_usual": "up", "below_usual": "down"}.get(place(now.figure.valence, usual.valence), "")


def _coded(item: Bin) -> list[str | int]:
    coverage = round(item.coverage * 1000)
    if item.shares is None or item.valence is None:
        return [_MARKS[item.look], coverage] if coverage else [_MARKS[item.look]]
    return [_MARKS[item.look], coverage, round(item.valence * 1000), *(round(part * 1000) for part in item.shares)]


def _band(window: Window, usual: Sequence[tuple[Span, Usual]]) -> list[list[float]]:
    """The usual range of valence as [first column, last column, low, high], the columns cut to the window."""
    band = []
    for (first, last), hour in usual:
        a, b = ((ms - window.start_ms) / window.step_ms for ms in (first, last))
        if b > 0 and a < window.count:
            low, high = (round(limit * 1000) for limit in hour.valence)
            band.append([max(0.0, round(a, 3)), min(float(window.count), round(b, 3)), low, high])
    return band


def _tick_label(window: Window, column: int, language: Language) -> str:
    ms = window.at(column)
    if window.range.tick_ms >= DAY:
        return language.weekday_day(ms, window.zone)
    label = language.clock(ms, window.zone)
    return "24:00" if label == "00:00" and column == window.count else label


def _row_label(window: Window, first: int, last: int, language: Language) -> str:
    if window.range.row_ms >= DAY:
        return language.weekday_day(window.at(first), window.zone)
    # Of the minute in progress both are the same.
    times = (language.clock(window.at(column), window.zone) for column in (first, last))
    return "–".join(dict.fromkeys(times))
