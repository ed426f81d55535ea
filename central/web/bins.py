"""What a column of a chart says: the shares of the seen time, how much of the time was seen, or why nothing is drawn.

Pure functions from the sums of the roll-ups to columns. Seconds throughout, save `*_ms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec
from msgspec.structs import replace

from central.web.ranges import Window
from contract.expressions import EXPRESSIONS, NEGATIVE
from look import LITTLE, STACK

MOSTLY: Final = 0.5
LEAST_S: Final = 5.0  # a figure rests on this much at least
_NEGATIVE_AT: Final = tuple(STACK.index(name) for name in NEGATIVE)
assert sorted(STACK) == sorted(EXPRESSIONS)


class Look(str, Enum):
    """How a column is drawn."""

    OK = "ok"
    LATE = "late"  # as ok; most of it arrived afterwards
    FEW = "few"  # too little seen
    NOT = "not"  # not observed, and nobody is told why
    GAP = "gap"  # missing: lost, offline or not yet arrived
    NONE = "none"  # before the desk's first reading
    FUTURE = "future"


class Sums(msgspec.Struct, frozen=True, gc=False):
    """What the readings of one desk add up to over one column. `shares` in the order of STACK, weighted by duration."""

    seen_s: float = 0.0
    unseen_s: float = 0.0
    not_observed_s: float = 0.0
    late_s: float = 0.0
    simulated_s: float = 0.0
    recorded_s: float = 0.0
    valence: float = 0.0
    confidence: float = 0.0
    shares: tuple[float, ...] = (0.0,) * len(STACK)
    first_ms: int | None = None  # where the first roll-up bin of these begins

    @property
    def covered_s(self) -> float:
        """Seconds of which anything is known."""
        return self.seen_s + self.unseen_s + self.not_observed_s


NOTHING: Final = Sums()


class Bin(msgspec.Struct, frozen=True):
    """One column. `observed_s` is the time that was there to be seen; `shares` and `valence` only where enough was."""

    look: Look
    observed_s: float = 0.0
    sums: Sums = NOTHING
    shares: tuple[float, ...] | None = None
    valence: float | None = None

    @property
    def coverage(self) -> float:
        """The part of the observed time that was seen, from 0 to 1."""
        return min(1.0, self.sums.seen_s / self.observed_s) if self.observed_s > 0 else 0.0

    @property
    def negative(self) -> float | None:
        """The part that the five negative expressions hold together."""
        return None if self.shares is None else sum(self.shares[i] for i in _NEGATIVE_AT)

    @property
    def confidence(self) -> float | None:
        """The model's mean confidence over the seen time."""
        return None if self.shares is None else self.sums.confidence / self.sums.seen_s


@dataclass(frozen=True)
class Known:
    """From when on a desk should have been heard, and up to when it can have been: a message takes its time.

    `recorded`: it never should have been. Recordings say when they are from, and between them nothing is missing.
    """

    begins_ms: int | None
    settled_ms: int
    recorded: bool = False

    def elapsed_s(self, start_ms: int, end_ms: int) -> float:
        """For how many seconds of a time a desk should have been heard; 0 or less where for none."""
        if self.begins_ms is None or self.recorded:
            return 0.0
        return (min(end_ms, self.settled_ms) - max(start_ms, self.begins_ms)) / 1000


def columns(sums: Mapping[int, Sums], window: Window, known: Known) -> tuple[Bin, ...]:
    """The columns of one desk. `sums` by column; those before the window (negative) only carry over into it."""
    filled = _carried(sums, window)
    return tuple(_column(filled.get(i, NOTHING), i, window, known) for i in range(window.count))


def whole(sums: Sums, from_ms: int, until_ms: int, known: Known) -> Bin:
    """One column over [from_ms, until_ms)."""
    if known.begins_ms is None or until_ms <= known.begins_ms:
        return Bin(Look.NONE)
    elapsed = known.elapsed_s(from_ms, until_ms)
    return _judged(sums, max(0.0, elapsed)) if elapsed > 0 or sums.covered_s else Bin(Look.NONE)


def pooled(desks: Sequence[Sequence[Bin]], count: int) -> tuple[Bin, ...]:
    """The columns of a group: each desk weighs by what was seen of it; what is simulated or recorded never counts."""
    return tuple(pool([bins[i] for bins in desks]) for i in range(count))


def pool(bins: Iterable[Bin]) -> Bin:
    """One column of a group out of one column of each of its desks."""
    real = [item for item in bins if not item.sums.simulated_s and not item.sums.recorded_s]
    there = [item for item in real if item.look not in (Look.FUTURE, Look.NONE, Look.NOT)]
    if not there:
        looks = {item.look for item in real}
        return Bin(next((look for look in (Look.NOT, Look.FUTURE) if look in looks), Look.NONE))
    return _judged(add(item.sums for item in there), sum(item.observed_s for item in there), already_observed=True)


def add(many: Iterable[Sums]) -> Sums:
    """The sum of sums."""
    items = list(many)
    firsts = [item.first_ms for item in items if item.first_ms is not None]
    return Sums(
        seen_s=sum(item.seen_s for item in items),
        unseen_s=sum(item.unseen_s for item in items),
        not_observed_s=sum(item.not_observed_s for item in items),
        late_s=sum(item.late_s for item in items),
        simulated_s=sum(item.simulated_s for item in items),
        recorded_s=sum(item.recorded_s for item in items),
        valence=sum(item.valence for item in items),
        confidence=sum(item.confidence for item in items),
        shares=tuple(map(sum, zip(*(item.shares for item in items), strict=True))) or NOTHING.shares,
        first_ms=min(firsts, default=None),
    )


def over(bins: Sequence[Bin]) -> Bin:
    """One column over several that follow each other."""
    there = [item for item in bins if item.look not in (Look.FUTURE, Look.NONE)]
    if not there:
        return Bin(bins[0].look if bins else Look.NONE)
    seen = [item for item in there if item.look is not Look.NOT]
    if not seen:
        return Bin(Look.NOT)
    return _judged(add(item.sums for item in seen), sum(item.observed_s for item in seen), already_observed=True)


def _column(sums: Sums, i: int, window: Window, known: Known) -> Bin:
    start, end = window.at(i), window.at(i + 1)
    if known.begins_ms is None or end <= known.begins_ms:
        return Bin(Look.NONE if start < window.now_ms else Look.FUTURE)
    elapsed = known.elapsed_s(start, end)
    if elapsed <= 0 and not sums.covered_s:
        return Bin(Look.NONE if known.recorded and start < window.now_ms else Look.FUTURE)
    return _judged(sums, max(0.0, elapsed))


def _judged(sums: Sums, elapsed_s: float, *, already_observed: bool = False) -> Bin:
    """Decide how a column is drawn from its sums and the time that was there."""
    hidden = 0.0 if already_observed else sums.not_observed_s
    observed = max(elapsed_s - hidden, sums.seen_s + sums.unseen_s)
    if hidden and observed < LITTLE * (observed + hidden):
        return Bin(Look.NOT)
    enough = sums.seen_s > 0 and sums.seen_s >= LITTLE * observed
    if enough:
        late = sums.late_s > MOSTLY * (sums.seen_s + sums.unseen_s)
        shares = tuple(share / sums.seen_s for share in sums.shares)
        return Bin(Look.LATE if late else Look.OK, observed, sums, shares, sums.valence / sums.seen_s)
    missing = observed - sums.seen_s - sums.unseen_s
    return Bin(Look.GAP if missing >= MOSTLY * observed else Look.FEW, observed, sums)


def _late_observed(sums: Sums) -> Sums:
    """What is not observed is told when its minute is over: that does not make a column one that came late."""
    return replace(sums, late_s=max(0.0, sums.late_s - sums.not_observed_s)) if sums.not_observed_s else sums


def _carried(sums: Mapping[int, Sums], window: Window) -> dict[int, Sums]:
    """Move what exceeds a column's length on into the next: a lasting reason is one reading a minute, 60 s long.

    What meets readings of its own takes only the room that they leave, so that no second is told twice.
    """
    length = window.step_ms / 1000
    filled = {i: _late_observed(item) for i, item in sums.items()}
    for i in range(min(filled, default=0), window.current + 1):
        here = filled.get(i)
        if here is None or not here.not_observed_s or here.covered_s <= length:
            continue
        moved = min(here.covered_s - length, here.not_observed_s)
        after = filled.get(i + 1, NOTHING)
        taken = min(moved, max(0.0, length - after.covered_s)) if after.covered_s else moved
        filled[i] = replace(here, not_observed_s=here.not_observed_s - moved)
        if i < window.current:
            filled[i + 1] = replace(after, not_observed_s=after.not_observed_s + taken)
    return filled
