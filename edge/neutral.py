"""An agent's own neutral: how their face is read while it rests, taken out of what is read of it.

Some faces look a little sad, or angry, at rest. Of the seconds in which a face is surely neutral the mean of the log
probabilities is kept, eight numbers; what a resting face usually has is on the model's card; and every reading is moved
by the difference of the two, by CAP at most. It is learned from surely neutral seconds alone: one whose expression
is sad for an hour does not become neutral by that. Off unless the policy says so; it stays on the box, for one shift,
`mien-desk neutral` shows it and deletes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS, negative
from edge.window import FrameView

Floats = NDArray[np.float32]

CAP: Final = 1.0  # log probability by which an expression is moved at most
SURE: Final = 0.6  # share of neutral that a second must have to be learned from
NO_MORE_NEGATIVE: Final = 0.2  # share of all negative expressions together that it may have
LEAST_S: Final = 60  # seconds before anything is moved
HALF_S: Final = 60  # after so many it is moved by half of the difference
REMEMBERED_S: Final = 1800  # seconds that count; older ones fade
LEAST: Final = 1e-4  # shares travel with four decimals
_NEUTRAL: Final = EXPRESSIONS.index("neutral")


@dataclass(frozen=True)
class Learned:
    """What was learned of a resting face in a shift: from how many seconds, and the mean of the log probabilities."""

    seconds: int = 0
    means: tuple[float, ...] = (0.0,) * len(EXPRESSIONS)

    def also(self, shares: Sequence[float]) -> Learned:
        """With one more second; the same where it is not surely neutral. `shares` (8,) are those before any move."""
        if shares[_NEUTRAL] < SURE or negative(shares) > NO_MORE_NEGATIVE:
            return self
        weight = 1 / min(self.seconds + 1, REMEMBERED_S)
        logs = np.log(np.maximum(shares, LEAST))
        means = tuple(round(float(old + weight * (new - old)), 6) for old, new in zip(self.means, logs, strict=True))
        return Learned(self.seconds + 1, means)

    def shift(self, usual: Sequence[float]) -> Floats | None:
        """By what log probabilities (8,) are moved, `usual` being those of a resting face; None before LEAST_S."""
        if self.seconds < LEAST_S:
            return None
        part = self.seconds / (self.seconds + HALF_S)
        return np.asarray(part * np.clip(np.subtract(usual, self.means), -CAP, CAP), np.float32)


def moved(view: FrameView, shift: Floats | None) -> FrameView:
    """A frame with its shares moved; as it is where it has none, or nothing is to be moved."""
    if shift is None or view.shares is None:
        return view
    shares = view.shares * np.exp(shift)
    shares = np.asarray(shares / shares.sum(), np.float32)
    return replace(view, shares=shares, confidence=float(shares.max()))
