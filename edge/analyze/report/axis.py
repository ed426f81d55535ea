"""Film time across a plot, of one recording or of several end to end, and the fixed scale of valence beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edge.analyze.report.columns import Column

NARROW, WIDE = (-0.35, 0.5), (-1.06, 1.06)  # the scale of valence, and the one where a value leaves it
_TICKS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400)
_MOST_TICKS: Final = 10
_MOST_PARTED: Final = 80  # films on one axis; of more the lines between would be all there is

Limits = tuple[float, float]


@dataclass(frozen=True)
class Film:
    """A recording on an axis, on which it begins at `start_s`."""

    number: int
    name: str
    start_s: float
    length_s: float
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Axis:
    """Films end to end in columns of `step_s`; the last one of each may be shorter."""

    films: tuple[Film, ...]
    step_s: float
    scale: Limits

    @cached_property
    def length_s(self) -> float:
        """Of all films together."""
        return sum(film.length_s for film in self.films)

    @property
    def wide(self) -> str:
        """How wide a drawing of it is in its own unit, which is a column: the shorter numbers are, the better."""
        return short(self.unit(self.length_s))

    def unit(self, seconds: float) -> float:
        """A moment in columns."""
        return round(seconds / self.step_s, 2)

    def part(self, seconds: float) -> float:
        """A moment as a part of the axis: 0 to 1."""
        return seconds / self.length_s if self.length_s else 0.0

    def percent(self, seconds: float) -> str:
        """The same as an attribute says it."""
        return f"{short(100 * self.part(seconds))}%"

    def placed(self) -> Iterator[tuple[float, Column]]:
        """Every column with its beginning on the axis, in seconds."""
        return ((film.start_s + column.start_s, column) for film in self.films for column in film.columns)

    def ticks(self) -> list[float]:
        """Round moments, at most about ten."""
        if not self.length_s:
            return []
        step = next((s for s in _TICKS if self.length_s / s <= _MOST_TICKS), _TICKS[-1])
        return [float(i * step) for i in range(int(self.length_s / step + 1e-6) + 1)]

    @property
    def is_parted(self) -> bool:
        """Whether lines part its films."""
        return 1 < len(self.films) <= _MOST_PARTED


def scale_of(columns: Iterable[Column]) -> Limits:
    """The scale of valence for all charts: the wide one only if some value leaves the narrow one."""
    low, high = NARROW
    out = any(column.valence is not None and not low <= column.valence <= high for column in columns)
    return WIDE if out else NARROW


def clock(seconds: float, whole_s: float) -> str:
    """A moment of a film: minutes and seconds, with hours where the film has any."""
    minutes, rest = divmod(int(seconds + 1e-6), 60)
    if whole_s < 3600:
        return f"{minutes:02}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def short(value: float) -> str:
    """At most two decimals, and none that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
