"""The course of a recording in columns: bins pooled to a length that can be drawn or read, and what a column says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge.analyze.results import Bin, Recording
from look import LITTLE, STACK

_NICE: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200)  # seconds
_NICER_BY: Final = 2.5  # a round length may be so many times the least one
_STACKED: Final = tuple(EXPRESSIONS.index(name) for name in STACK)

Shares = tuple[float, ...]


class Look(str, Enum):
    """How a column is drawn."""

    SEEN = "seen"
    LITTLE = "little"  # too little of it for a figure
    NOTHING = "nothing"


@dataclass(frozen=True)
class Column:
    """A stretch of a recording. `shares` in the order of STACK and `valence` are None where there is no figure."""

    start_s: float
    length_s: float
    seconds_read: float
    shares: Shares | None
    valence: float | None
    reason: Reason | None  # the most frequent one of what was not read
    known: bool  # False where no frame was looked at

    @property
    def coverage(self) -> float:
        """The part of it that was read."""
        return min(1.0, self.seconds_read / self.length_s) if self.length_s > 0 else 0.0

    @property
    def look(self) -> Look:
        """How it is drawn."""
        if self.shares is not None:
            return Look.SEEN
        return Look.LITTLE if self.seconds_read > 0 else Look.NOTHING


def length_of(recording: Recording) -> float:
    """Seconds from the beginning of a recording to the end of its last bin."""
    return max((part.start_s + part.seconds for part in recording.course), default=0.0)


def step_of(length_s: float, bin_s: float, most: int) -> float:
    """How long columns are, so that there are at most `most`: whole bins, of a round length if one is near."""
    least = bin_s * max(1, -int(-length_s // (bin_s * most)))
    for nice in _NICE:
        if least <= nice <= _NICER_BY * least and abs(nice / bin_s - round(nice / bin_s)) < 1e-6:
            return float(nice)
    return least


def columns(recording: Recording, step_s: float) -> tuple[Column, ...]:
    """A recording from its beginning to its end in columns of `step_s`; the last one may be shorter."""
    whole = length_of(recording)
    if whole <= 0:
        return ()
    found: dict[int, list[Bin]] = {}
    for part in recording.course:
        found.setdefault(int(part.start_s / step_s + 1e-6), []).append(part)
    count = max(max(found) + 1, -int(-(whole - 1e-6) // step_s))
    return tuple(_column(i * step_s, min(step_s, whole - i * step_s), found.get(i, [])) for i in range(count))


def _column(start_s: float, length_s: float, parts: Sequence[Bin]) -> Column:
    read = sum(part.seconds_read for part in parts)
    reasons: Counter[Reason] = Counter()
    for part in parts:
        if part.reason is not None:
            reasons[part.reason] += part.seconds - part.seconds_read  # type: ignore[assignment]
    pooled = _Pooled(part for part in parts if part.shares is not None)
    enough = read >= LITTLE * length_s and pooled.weight > 0
    return Column(
        start_s=start_s,
        length_s=length_s,
        seconds_read=read,
        shares=pooled.shares() if enough else None,
        valence=pooled.valence() if enough else None,
        reason=reasons.most_common(1)[0][0] if reasons else None,
        known=bool(parts),
    )


class _Pooled:
    """Bins with figures, weighted by what was read of each."""

    def __init__(self, parts: Iterable[Bin]) -> None:
        self._parts = tuple(parts)
        self.weight = sum(part.seconds_read for part in self._parts)

    def shares(self) -> Shares:
        return tuple(
            sum(part.seconds_read * part.shares[i] for part in self._parts if part.shares) / self.weight
            for i in _STACKED
        )

    def valence(self) -> float:
        return sum(part.seconds_read * (part.valence or 0.0) for part in self._parts) / self.weight


def stacked(by_name: dict[str, float]) -> Shares:
    """Shares by name in the order of STACK."""
    return tuple(by_name.get(name, 0.0) for name in STACK)
