"""Whether pictures are of one scene: cuts in a film, and whether a folder of images is a clip or an album."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE: Final = 32  # of a thumbnail, in pixels
LEAST_SPREAD: Final = 4.0  # grey levels; a black picture differs from a nearly black one by little, not by much

# A cut: by how much a frame must differ from the last one, and how many times as much as frames did of late.
CUT: Final = 0.25
CUT_TIMES: Final = 4.0
LATELY: Final = 0.2  # weight of a new frame in what frames differ by of late

STILL: Final = 0.04  # consecutive images that differ by less are frames, even if nothing moves
IN_ORDER: Final = 0.6  # part of three consecutive images whose outer two differ most; of unordered ones it is a third
FEWEST: Final = 3  # images of which anything can be said


def thumbnail(image: Pixels) -> Floats:
    """A picture (H, W, 3) or (H, W) as (SIDE, SIDE) grey, 0 to 255: enough to tell scenes apart, no face to be seen."""
    step = max(1, min(image.shape[:2]) // (2 * SIDE))
    small = np.ascontiguousarray(image[::step, ::step])
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)


def difference(one: Floats, other: Floats) -> float:
    """Mean difference of two thumbnails over their spread: about 0.02 from frame to frame, 1 from photo to photo."""
    spread = (float(one.std()) + float(other.std())) / 2
    return float(np.abs(one - other).mean()) / max(spread, LEAST_SPREAD)


def _pattern(image: Pixels) -> Floats:
    """Every so many pixels of a picture, the same when a light is dimmed: a thumbnail that costs next to nothing."""
    step = max(1, min(image.shape[:2]) // SIDE)
    green = image[::step, ::step, 1].astype(np.float32)
    mean, spread = cv2.meanStdDev(green)
    pattern: Floats = (green - np.float32(mean[0, 0])) / np.float32(max(spread[0, 0], LEAST_SPREAD))
    return pattern


class Cuts:
    """Finds where an edited film goes from one take to the next."""

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._lately: float | None = None

    def is_cut(self, image: Pixels) -> bool:
        """Whether this frame begins a new take; the first does not."""
        pattern = _pattern(image)
        last, self._last = self._last, pattern
        if last is None:
            return False
        if last.shape != pattern.shape:
            return True
        differs = float(np.abs(pattern - last).mean())
        if self._lately is None:
            self._lately = min(differs, CUT)
        most = max(CUT, CUT_TIMES * self._lately)
        self._lately += LATELY * (min(differs, most) - self._lately)
        return differs > most


@dataclass(frozen=True)
class Order:
    """What consecutive images of a folder say: do they follow each other as a clip's frames do?"""

    differs: float  # median difference of neighbours
    in_order: float  # part of the triples whose outer two differ most

    @property
    def is_clip(self) -> bool:
        """Frames hardly differ, or differ the more the further apart they are; pictures do neither."""
        return self.differs < STILL or self.in_order >= IN_ORDER


def order_of(triples: Sequence[tuple[Floats, Floats, Floats]]) -> Order:
    """The order of sampled triples of consecutive thumbnails, at least one."""
    near, ordered = [], 0
    for one, two, three in triples:
        first, second, outer = difference(one, two), difference(two, three), difference(one, three)
        near += [first, second]
        ordered += outer > max(first, second)
    return Order(float(np.median(near)), ordered / len(triples))
