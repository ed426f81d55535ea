"""The eight expressions, in the one order in which shares travel, and the valence drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EXPRESSIONS: Final = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
NEGATIVE: Final = ("sadness", "anger", "disgust", "fear", "contempt")

_SIGNS: Final = tuple(1 if name == "happiness" else -1 if name in NEGATIVE else 0 for name in EXPRESSIONS)


def valence(shares: Sequence[float]) -> float:
    """Happiness minus the five negative expressions, in [-1, 1]; `shares` in the order of `EXPRESSIONS`."""
    return sum(sign * share for sign, share in zip(_SIGNS, shares, strict=True))


def negative(shares: Sequence[float]) -> float:
    """The part of `shares` (order of `EXPRESSIONS`) that sadness, anger, disgust, fear and contempt hold together."""
    return sum(share for sign, share in zip(_SIGNS, shares, strict=True) if sign < 0)
