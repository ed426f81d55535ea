"""Sums over windows: what `results.Counted` says, and the course over time in a bounded number of bins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from contract.expressions import EXPRESSIONS, valence
from contract.reading import Reading, Reason
from edge.analyze.messages import Window
from edge.analyze.results import Bin, Listened

MOST_BINS: Final = 1000  # then each two become one: a course is to be drawn, and memory has a bound


class Tally:
    """Sums over the windows of a recording, or of all."""

    def __init__(self) -> None:
        self.frames = self.faces = self._changes = 0
        self.seconds = self._seconds_read = self._followed_s = self._valence = 0.0
        self._labels = [0] * len(EXPRESSIONS)
        self._shares = [0.0] * len(EXPRESSIONS)
        self._face_reasons: Counter[Reason] = Counter()
        self._second_reasons: dict[Reason, float] = {}

    def add(self, window: Window) -> None:
        """Count one window."""
        self.frames += window.frames
        self.faces += window.faces
        self.seconds += window.seconds
        self._changes += window.changes
        self._followed_s += window.followed_s
        self._labels = [one + more for one, more in zip(self._labels, window.faces_by_expression, strict=True)]
        self._face_reasons.update(window.face_reasons)
        if window.shares is not None:
            self._seconds_read += window.seconds
            self._valence += window.seconds * valence(window.shares)
            self._shares = [s + window.seconds * x for s, x in zip(self._shares, window.shares, strict=True)]
        elif window.reason is not None:
            self._second_reasons[window.reason] = self._second_reasons.get(window.reason, 0.0) + window.seconds

    def fields(self) -> dict[str, Any]:
        """The fields of a `Counted`."""
        read, seconds = sum(self._labels), self._seconds_read
        followed = self._followed_s
        return {
            "frames": self.frames,
            "faces": self.faces,
            "faces_read": read,
            "seconds": round(self.seconds, 3),
            "seconds_read": round(seconds, 3),
            "coverage": round(seconds / self.seconds, 4) if self.seconds else 0.0,
            "by_faces": _named(self._labels, read),
            "by_seconds": _named(self._shares, seconds),
            "faces_by_expression": dict(zip(EXPRESSIONS, self._labels, strict=True)),
            "face_reasons": dict(self._face_reasons.most_common()),
            "second_reasons": {
                reason: round(s, 3) for reason, s in sorted(self._second_reasons.items(), key=lambda entry: -entry[1])
            },
            "valence": round(self._valence / seconds, 4) if seconds else None,
            "label_changes_per_second": round(self._changes / followed, 4) if followed else None,
        }


class HeardTally:
    """Sums over readings of seconds of sound."""

    def __init__(self) -> None:
        self.seconds = self._read = self._valence = 0.0
        self._shares = [0.0] * len(EXPRESSIONS)
        self._reasons: dict[Reason, float] = {}

    def add(self, reading: Reading) -> None:
        """Count one."""
        length = reading.duration_s
        self.seconds += length
        if reading.shares is not None:
            self._read += length
            self._valence += length * valence(reading.shares)
            self._shares = [s + length * x for s, x in zip(self._shares, reading.shares, strict=True)]
        elif reading.reason is not None:
            self._reasons[reading.reason] = self._reasons.get(reading.reason, 0.0) + length

    def listened(self) -> Listened | None:
        """What they add up to; None of none."""
        if not self.seconds:
            return None
        return Listened(
            seconds=round(self.seconds, 3),
            seconds_read=round(self._read, 3),
            coverage=round(self._read / self.seconds, 4),
            by_seconds=_named(self._shares, self._read),
            second_reasons=dict(sorted(self._reasons.items(), key=lambda entry: -entry[1])),
            valence=round(self._valence / self._read, 4) if self._read else None,
        )


def _named(sums: list[int] | list[float], whole: float) -> dict[str, float]:
    return {name: round(value / whole, 4) for name, value in zip(EXPRESSIONS, sums, strict=True)} if whole else {}


@dataclass(eq=False)
class _Open:
    """A bin while it is filled."""

    seconds: float = 0.0
    seconds_read: float = 0.0
    shares: list[float] = field(default_factory=lambda: [0.0] * len(EXPRESSIONS))
    reasons: dict[Reason, float] = field(default_factory=dict)

    def take(self, other: _Open) -> None:
        self.seconds += other.seconds
        self.seconds_read += other.seconds_read
        self.shares = [one + more for one, more in zip(self.shares, other.shares, strict=True)]
        for reason, seconds in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0.0) + seconds


class Course:
    """A recording over time."""

    def __init__(self, bin_s: float) -> None:
        """`bin_s` is the shortest bin that makes sense: a window."""
        self.bin_s = bin_s
        self._bins: dict[int, _Open] = {}

    def add(self, window: Window) -> None:
        """Put one window where it began."""
        read = window.seconds if window.shares is not None else 0.0
        shares = [read * share for share in window.shares or (0.0,) * len(EXPRESSIONS)]
        reasons = {window.reason: window.seconds} if window.reason is not None else {}
        self._put(int(window.at_s / self.bin_s + 1e-6), _Open(window.seconds, read, shares, reasons))
        while len(self._bins) > MOST_BINS:
            self.bin_s *= 2
            bins, self._bins = self._bins, {}
            for index, one in bins.items():
                self._put(index // 2, one)

    def _put(self, index: int, one: _Open) -> None:
        if index in self._bins:
            self._bins[index].take(one)
        else:
            self._bins[index] = one

    def bins(self) -> tuple[Bin, ...]:
        """What there is, in order; time of which nothing is known has no bin."""
        return tuple(self._closed(index, one) for index, one in sorted(self._bins.items()))

    def _closed(self, index: int, one: _Open) -> Bin:
        shares = tuple(round(s / one.seconds_read, 4) for s in one.shares) if one.seconds_read else None
        return Bin(
            start_s=round(index * self.bin_s, 3),
            seconds=round(one.seconds, 3),
            seconds_read=round(one.seconds_read, 3),
            shares=shares,
            valence=round(valence(shares), 4) if shares else None,
            reason=max(one.reasons, key=lambda reason: one.reasons[reason]) if one.reasons else None,
        )
