"""An agent's own neutral: how their face is read while it rests, taken out of what is read of it.

Some faces look a little sad, or angry, at rest. Of the seconds in which a face is surely neutral the mean of the log
probabilities is kept, eight numbers; what a resting face usually has is on the model's card; and every reading is moved
by the difference of the two, by CAP at most. It is learned from surely neutral seconds alone: one whose expression
is sad for an hour does not become neutral by that. Off unless the policy says so; it stays on the box, for one shift,
`mien-desk neutral` shows it and deletes it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contract.expressions import EXPRESSIONS, negative

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
        logs = (math.log(max(share, LEAST)) for share in shares)
        means = tuple(round(old + weight * (new - old), 6) for old, new in zip(self.means, logs, strict=True))
        return Learned(self.seconds + 1, means)

    def shift(self, usual: Sequence[float]) -> tuple[float, ...] | None:
        """By what log probabilities (8,) are moved, `usual` being those of a resting face; None before LEAST_S."""
        if self.seconds < LEAST_S:
            return None
        part = self.seconds / (self.seconds + HALF_S)
        return tuple(part * min(max(there - own, -CAP), CAP) for there, own in zip(usual, self.means, strict=True))
