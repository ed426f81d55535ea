"""One reading of a face and a voice, without training (the idea of Naas & Sigg 2020; docs/voice.md has the formula).

Each branch gives calibrated probabilities, and was measured: how often an expression is right where it says it, as a
part of how sure it is then, at the quality that this second has. What it is not believed, it does not say. With `p` a
branch's share of an expression and `r` its reliability there, both from 0 to 1, and eight expressions,

    merged(expression)  ~  product over the branches of  (1 - r) + r * 8 * p

made to sum to 1. A branch that is missing, or never right about an expression (r = 0), leaves it as it is: contempt,
which no voice was labelled with, comes from the face alone. Two that contradict each other leave little standing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Branch:
    """What one source says of a second: `shares` (8,) that sum to 1, and how far it is believed, `reliability` (8,)."""

    shares: Sequence[float]
    reliability: Sequence[float]


def merged(branches: Sequence[Branch]) -> tuple[float, ...]:
    """The shares of all branches together (8,), which sum to 1; of one branch alone those that it has."""
    if len(branches) == 1:
        return tuple(float(share) for share in branches[0].shares)
    product = np.prod([_evidence(branch) for branch in branches], axis=0)
    return tuple((product / product.sum()).tolist())


def _evidence(branch: Branch) -> Floats:
    shares, reliability = np.asarray(branch.shares, np.float64), np.asarray(branch.reliability, np.float64)
    return (1 - reliability) + reliability * len(shares) * shares


def believed(reliability: Sequence[float], by_level: Sequence[tuple[float, float]], level: float) -> tuple[float, ...]:
    """A branch's reliability (8,) at a level of quality; `by_level` has (level, part left there), rising."""
    levels, parts = zip(*by_level, strict=True)
    part = float(np.interp(level, levels, parts))
    return tuple(each * part for each in reliability)
