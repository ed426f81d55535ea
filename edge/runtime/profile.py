"""The shapes for which an engine is built: smallest, usual and largest of its one input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BATCHES: Final = (1, 2, 8)  # of faces: two are a face and its mirror image
SIDES: Final = (
    12,
    192,
    1152,
)  # pixels of a picture of any size: P-Net's window, 640x480 and 1920x1080 at 20-pixel faces
BUCKETS: Final = (1, 2, 4, 8)  # batches that are run; one between two is filled up to the next

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Profile:
    """Three shapes of an input."""

    least: Shape
    usual: Shape
    most: Shape

    def __str__(self) -> str:
        """As the manifest of an engine names it."""
        return " ".join("x".join(map(str, shape)) for shape in (self.least, self.usual, self.most))


def profile_of(shape: Sequence[int]) -> Profile:
    """The profile of an input whose open sides are below 0: the first is the batch, others those of a picture.

    Pictures of any size come one at a time.
    """
    batch, *sides = shape
    any_size = any(side < 0 for side in sides)
    batches = (1, 1, 1) if any_size else BATCHES
    made = [
        (count if batch < 0 else batch, *(own if side < 0 else side for side in sides))
        for count, own in zip(batches, SIDES, strict=True)
    ]
    return Profile(*made)


def bucket_of(count: int) -> int:
    """The smallest batch that is run and holds `count` faces."""
    return next(bucket for bucket in BUCKETS if bucket >= count)
