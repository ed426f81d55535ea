"""Optical flow on aligned crops of one face: how it moved, where the head did not."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Farnebäck 2003 for a face of 40 to 48 pixels: windows of a fifth of it, two levels of the pyramid.
_SETTINGS: Final[dict[str, Any]] = {
    "pyr_scale": 0.5,
    "levels": 2,
    "winsize": 9,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.1,
    "flags": 0,
}
_RANGE: Final = 4.0  # pixels; what moves further from one frame to the one after next is no expression


def flow(before: Pixels, now: Pixels) -> Floats:
    """What takes a grey crop (H, W) to a later one: (2, H, W), x and y, 1 being _RANGE pixels, from -1 to 1."""
    found = cv2.calcOpticalFlowFarneback(before, now, None, **_SETTINGS)
    return np.asarray(np.clip(found.transpose(2, 0, 1) / _RANGE, -1, 1), np.float32)


def without(faces: Floats) -> Floats:
    """Faces (N, 1, H, W) with the flow of those that never moved: (N, 3, H, W)."""
    return np.pad(faces, ((0, 0), (0, 2), (0, 0), (0, 0)))
