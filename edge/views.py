"""The two views of a followed face, one a frame: as it is and in the mirror, by turns.

The mean over a face and its mirror image is steadier than either, and costs twice. Frames of a camera come so close
together that the face of one is the face of the next: so each is read once, and its answer is the mean with the other
view's of the frame before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.recognise import Recogniser

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

CLOSE_S: Final = 0.15  # between two frames that show the same moment; no expression comes or goes faster


@dataclass(frozen=True, eq=False)
class _View:
    """What was read of a face last: when, whether in the mirror, and its shares (8,)."""

    at_s: float
    mirrored: bool
    shares: Floats


class Views:
    """The views of all faces that are followed, by their tracks."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._last: dict[int, _View] = {}

    def shares(self, crop: Pixels, track: int, at_s: float | None) -> Floats:
        """Calibrated probabilities (8,) of the face that `track` follows, seen at `at_s`, no earlier than the last.

        Both views are read where there is none of the frame before: at first, after a gap, and where a picture stands
        for itself (`at_s` is None).
        """
        if at_s is None or not self._recogniser.card.flip_average:
            return self._recogniser.shares(crop)
        self.forget(at_s)
        before = self._last.get(track)
        if before is None:
            plain, mirrored = self._recogniser.views(crop)
            self._last[track] = _View(at_s, True, mirrored)
            return _mean(plain, mirrored)
        turned = not before.mirrored
        (seen,) = self._recogniser.views(crop[:, ::-1] if turned else crop, mirror=False)
        self._last[track] = _View(at_s, turned, seen)
        return _mean(seen, before.shares)

    def forget(self, at_s: float) -> None:
        """Let go what was read of faces that were not seen shortly before `at_s`."""
        self._last = {each: view for each, view in self._last.items() if 0 <= at_s - view.at_s <= CLOSE_S}


def _mean(one: Floats, other: Floats) -> Floats:
    return np.asarray((one + other) / np.float32(2), np.float32)
