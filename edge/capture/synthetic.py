"""The synthetic clip: a minute of a public-domain portrait that moves, changes its expression, turns dark, leaves and
comes back, so that the whole path can be shown and tested without a camera.

The portrait is NASA's of Eileen Collins, which ships with scikit-image. What changes in it is drawn, not played: the
clip shows that the path works, not how well faces are read.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.frame import Pixels
from edge.errors import CaptureError

Floats = NDArray[np.float32]

WIDTH: Final = 640
HEIGHT: Final = 480
FPS: Final = 25.0
SECONDS: Final = 60
ZOOM: Final = 1.25  # of the portrait, 512 pixels wide
WALL: Final = 760  # pixels of empty wall beside the portrait, to look at when the face has left

# Where things are in the portrait, in pixels.
MOUTH: Final = (224.0, 142.0)
BROWS: Final = ((213.0, 92.0), (237.0, 93.0))  # their inner ends
HEAD: Final = (150, 10, 302, 190)  # left, top, right, bottom
FACE: Final = (170, 75, 280, 185)

# The course of the minute: (second, value), straight lines between. Their values are 0 to 1.
SERIOUS: Final = (
    (0, 0),
    (7, 0),
    (9, 1),
    (15, 1),
    (16, 0),
    (40, 0),
    (41, 1),
    (46, 1),
    (48, 0),
    (52, 0.6),
    (56, 1),
    (58, 0),
)
DARKNESS: Final = ((0, 0), (18, 0), (19, 1), (22, 1), (23, 0))
ABSENCE: Final = ((0, 0), (25, 0), (26, 1), (30, 1), (31, 0))
COMPANY: Final = ((0, 0), (34, 0), (34.01, 1), (37, 1), (37.01, 0))


def _at(course: tuple[tuple[float, float], ...], second: float) -> float:
    return float(np.interp(second, [t for t, _ in course], [value for _, value in course]))


class SyntheticClip:
    """The clip as a Source: 640 x 480, 25 frames a second, 60 s, the same at every run."""

    name = "synthetic"
    fps = FPS

    def __init__(self) -> None:
        """Raises CaptureError where scikit-image is not installed."""
        try:
            from skimage import data
        except ImportError as error:
            raise CaptureError(
                "synthetic clip: needs the portrait in scikit-image; run pip install 'mien[demo]' or set another source"
            ) from error
        portrait = np.ascontiguousarray(data.astronaut()[..., ::-1])
        self._scene = _scene(portrait)
        left, top, right, bottom = (round(v * ZOOM) for v in FACE)
        self._face = (slice(top, bottom), slice(left, right))
        self._smiling = self._scene[self._face].copy()
        self._grid, self._pull = _serious_mouth(left, top, right, bottom)
        x1, y1, x2, y2 = (round(v * ZOOM) for v in HEAD)
        self._visitor: Pixels = np.ascontiguousarray(self._scene[y1:y2, x1:x2][:, ::-1])
        self._next = 0

    def read(self) -> Pixels | None:
        """The next picture; None after the last."""
        if self._next >= FPS * SECONDS:
            return None
        image = self.picture(self._next / FPS)
        self._next += 1
        return image

    def skip(self) -> bool:
        """Leave out the next picture."""
        self._next += 1
        return self._next <= FPS * SECONDS

    def rewind(self) -> None:
        """Begin again."""
        self._next = 0

    def close(self) -> None:
        """Nothing is held open."""

    def picture(self, second: float) -> Pixels:
        """What the clip shows at `second`: (480, 640, 3) uint8 BGR."""
        scene = self._scene
        x, y = self._grid + np.float32(_at(SERIOUS, second)) * self._pull
        scene[self._face] = cv2.remap(self._smiling, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = cv2.warpAffine(scene, _motion(second), (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        if _at(COMPANY, second) > 0.5:
            height, width = self._visitor.shape[:2]
            image[60 : 60 + height, WIDTH - width - 10 : WIDTH - 10] = self._visitor
        light = 1.0 - 0.93 * _at(DARKNESS, second)
        picture: Pixels = image if light == 1.0 else cv2.convertScaleAbs(image, alpha=light)
        return picture


def _scene(portrait: Pixels) -> Pixels:
    """The portrait as large as the picture is wide, and an empty wall to its right, which carries on from its edge."""
    large = cv2.resize(portrait, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)[:HEIGHT]
    edge = cv2.GaussianBlur(large[:, -40:], (0, 0), 25).mean(axis=1, keepdims=True)
    wall = np.broadcast_to(edge, (HEIGHT, WALL, 3)).astype(np.uint8)
    scene: Pixels = np.ascontiguousarray(np.hstack([large, wall]))
    return scene


def _serious_mouth(left: int, top: int, right: int, bottom: int) -> tuple[Floats, Floats]:
    """Where each pixel of the face comes from, (2, rows, columns) x and y, smiling; and what is added to look serious.

    The mouth's corners go down in an arc, its lips close, it narrows, and the inner ends of the brows rise.
    """
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32) / np.float32(ZOOM)
    across, along = x - MOUTH[0], y - MOUTH[1]
    near = np.exp(-((across / 30) ** 4))
    pull_y = 1.4 * along * near * np.exp(-((along / 6) ** 2) / 2)
    pull_y -= 12.0 * (across / 21) ** 2 * near * np.exp(-(((along + 1) / 12) ** 2) / 2)
    pull_x = 0.25 * across * np.exp(-((across / 24) ** 2 + (along / 12) ** 2) / 2)
    for brow_x, brow_y in BROWS:
        pull_y += 4.0 * np.exp(-(((x - brow_x) / 7) ** 2 + ((y - brow_y) / 7) ** 2) / 2)
    rows, columns = np.mgrid[0 : bottom - top, 0 : right - left].astype(np.float32)
    return np.stack([columns, rows]), (np.stack([pull_x, pull_y]) * ZOOM).astype(np.float32)


def _motion(second: float) -> Floats:
    """The matrix (2, 3) from the scene to the picture: the head sways, and looks away from the wall or to it."""
    centre = (MOUTH[0] * ZOOM, MOUTH[1] * ZOOM)
    tilt = 5.0 * math.sin(2 * math.pi * second / 7.3)
    zoom = 1.0 + 0.06 * math.sin(2 * math.pi * second / 11.1)
    matrix = cv2.getRotationMatrix2D(centre, tilt, zoom)
    matrix[0, 2] += 45.0 + 30.0 * math.sin(2 * math.pi * second / 5.7) - WALL * _at(ABSENCE, second)
    matrix[1, 2] += 12.0 + 10.0 * math.sin(2 * math.pi * second / 4.1)
    moved: Floats = matrix.astype(np.float32)
    return moved
