"""Optical flow on aligned crops: how a face moved, where the head did not."""

import cv2
import numpy as np

from models.data import Bytes, Floats

APART = 2  # frames between the two of which the flow is told
# Farnebäck 2003 for a face of 48 pixels: windows of a fifth of it, two levels of the pyramid.
_SETTINGS = {"pyr_scale": 0.5, "levels": 2, "winsize": 9, "iterations": 3, "poly_n": 5, "poly_sigma": 1.1, "flags": 0}
_RANGE = 4.0  # pixels; what moves further within two frames is no expression


def between(before: Bytes, now: Bytes) -> Floats:
    """Flow (2, H, W), x and y in pixels, that takes a grey crop to the one after it, from -1 to 1 of its range."""
    flow = cv2.calcOpticalFlowFarneback(before, now, None, **_SETTINGS)  # type: ignore[call-overload]
    return np.asarray(np.clip(flow.transpose(2, 0, 1) / _RANGE, -1, 1), np.float32)
