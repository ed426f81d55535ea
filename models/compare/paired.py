"""Whether a model beats a peer on the same faces: the difference of their accuracies, with an interval by people.

Two models err on much the same faces, so their difference is surer than either's accuracy; and the faces of one person
are alike, so people are drawn again and again and not faces (Efron & Tibshirani 1993, chapter 6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 4000
AT_ONCE = 200  # draws in memory together
SEED = 1


class Paired(msgspec.Struct, frozen=True):
    """A model's accuracy less a peer's on one data set, between -1 and 1, with the 95 % interval.

    `people` is how many were drawn from; 0 where they are not known and faces were drawn instead.
    """

    model: str
    peer: str
    data: str
    n: int
    people: int
    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def difference(
    ours: NDArray[np.bool_], peers: NDArray[np.bool_], people: NDArray[np.str_] | None
) -> tuple[float, float, float]:
    """The difference of two models' accuracies and its 95 % interval, of who is right (N,) on the same faces.

    `people` (N,) names whose face each is; None draws faces.
    """
    gained = ours.astype(np.float64) - peers
    places = np.arange(len(gained)) if people is None else np.unique(people, return_inverse=True)[1]
    sums, counts = (np.bincount(places, weights).astype(np.float64) for weights in (gained, None))
    draw = np.random.default_rng(SEED)
    found = np.concatenate([_drawn(sums, counts, draw) for _ in range(DRAWS // AT_ONCE)])
    low, high = np.quantile(found, (0.025, 0.975))
    return float(gained.mean()), float(low), float(high)


def _drawn(sums: NDArray[np.float64], counts: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    """The difference in each of AT_ONCE draws of as many people as there are, each as likely as the others."""
    how_often = draw.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), AT_ONCE)
    return np.asarray((how_often @ sums) / (how_often @ counts), np.float64)
