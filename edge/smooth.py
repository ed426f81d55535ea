"""The label of a face that is followed, steadied: an average of what was read of late, and a rival that must lead.

Shares flicker from frame to frame; what a face shows lasts longer. Log probabilities are averaged with weights that
fade by the time that has passed, so that any rate, and an irregular one, gives the same label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FADE_S: Final = 0.7  # after so long a frame counts 1/e as much; expressions that are meant last half a second and more
LEAD: Final = 1.5  # how many times as probable as the label a rival must be: 3 to 2, no coin's toss
SETTLE_S: Final = FADE_S  # before a face was followed so long, its label is a first impression
FORGET_S: Final = 2.0  # a gap after which nothing that was seen before speaks for what is seen now
FIRST_S: Final = 0.04  # a face's first frame stands for so long, each later one for the time since the one before
LEAST: Final = 1e-4  # shares travel with four decimals; one frame's zero must not outlaw an expression


@dataclass(frozen=True, eq=False)
class Smoothed:
    """What a followed face shows: index of its label, the averaged shares (8,), and since the last frame: did a settled
    label change, and for how many seconds was the face followed."""

    label: int
    shares: Floats
    changed: bool
    followed_s: float


class Smoother:
    """One face's label over time."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] = np.zeros(0)
        self._weight = 0.0
        self._label = -1
        self._since_s = self._last_s = -math.inf

    def add(self, at_s: float, shares: Floats) -> Smoothed:
        """Take in calibrated probabilities (8,), read at `at_s`, no earlier than the last."""
        log = np.log(np.maximum(shares, LEAST, dtype=np.float64))
        gap = at_s - self._last_s
        begins = gap > FORGET_S
        if begins:
            self._since_s, self._sum, self._weight, gap = at_s, np.zeros(len(log)), 0.0, 0.0
        kept = math.exp(-gap / FADE_S)
        fresh = 1.0 - math.exp(-FIRST_S / FADE_S) if begins else 1.0 - kept
        self._sum, self._weight = kept * self._sum + fresh * log, kept * self._weight + fresh
        self._last_s = at_s
        return self._steady(self._sum / self._weight, gap, begins)

    def _steady(self, mean: NDArray[np.float64], gap: float, begins: bool) -> Smoothed:
        best = int(mean.argmax())
        settled = self._last_s - self._since_s >= SETTLE_S
        changed = False
        if begins or not settled:
            self._label = best
        elif best != self._label and mean[best] - mean[self._label] > math.log(LEAD):
            self._label, changed = best, True
        power = np.exp(mean - mean.max())
        return Smoothed(self._label, (power / power.sum()).astype(np.float32), changed, gap)


class Smoothers:
    """A Smoother for each face that is followed, by its track's id; one not seen for FORGET_S is let go."""

    def __init__(self) -> None:
        self._faces: dict[int, tuple[Smoother, float]] = {}

    def add(self, track: int, at_s: float, shares: Floats) -> Smoothed:
        """Take in one face of the frame at `at_s`; see Smoother.add."""
        smoother = self._faces[track][0] if track in self._faces else Smoother()
        self._faces = {i: kept for i, kept in self._faces.items() if at_s - kept[1] <= FORGET_S}
        self._faces[track] = (smoother, at_s)
        return smoother.add(at_s, shares)

    def __len__(self) -> int:
        """How many faces are remembered."""
        return len(self._faces)
