"""The crop that the expression network sees, cut from a picture by a face's box and landmarks. Pure functions.

Training and evaluation cut their crops with these same functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

OUTSIDE = 128  # grey outside the picture
TURN_FROM_DEGREES = 25.0  # heads rolled less are left as they are: turning them gains nothing


def roll_degrees(landmarks: Floats) -> float:
    """How far the head is rolled, in degrees in (-180, 180]; positive is clockwise as the picture shows it.

    `landmarks` is (5, 2): left eye, right eye, nose, left and right mouth corner. The line of the eyes and that of the
    mouth are averaged.
    """
    across = landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]
    return math.degrees(math.atan2(float(across[1]), float(across[0])))


def turn_degrees(landmarks: Floats) -> float:
    """By how much a crop is turned: the roll where it is large, else 0."""
    roll = roll_degrees(landmarks)
    return roll if abs(roll) >= TURN_FROM_DEGREES else 0.0


def cut(image: Pixels, centre: tuple[float, float], side: float, size: int, *, degrees: float = 0.0) -> Pixels:
    """A square of `side` pixels about `centre`, its axes turned by `degrees`, scaled to (size, size[, channels]) uint8.

    `image` is (H, W) or (H, W, 3). Shrinking is antialiased: halvings by area, then four samples for each pixel. What
    lies outside the picture is 128.
    """
    turn = math.radians(degrees)
    reach = side / 2 * (abs(math.cos(turn)) + abs(math.sin(turn))) + 2
    left, top = math.floor(centre[0] - reach), math.floor(centre[1] - reach)
    patch = _window(image, left, top, math.ceil(2 * reach) + 1)
    x, y = centre[0] - left, centre[1] - top
    while side >= 2 * size:
        patch = cv2.resize(patch, (patch.shape[1] // 2, patch.shape[0] // 2), interpolation=cv2.INTER_AREA)
        x, y, side = x / 2, y / 2, side / 2
    fine = 2 * size if side > size else size
    step = side / fine
    cos, sin = step * math.cos(turn), step * math.sin(turn)
    # Pixel i of a picture covers i to i + 1; OpenCV counts from the pixel's middle, hence the halves.
    middle = (fine - 1) / 2
    matrix = np.array([[cos, -sin, x - 0.5 - middle * (cos - sin)], [sin, cos, y - 0.5 - middle * (sin + cos)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop: Pixels = cv2.warpAffine(
        patch, matrix, (fine, fine), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(OUTSIDE,) * 3
    )
    return crop if fine == size else cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA)


def _window(image: Pixels, left: int, top: int, side: int) -> Pixels:
    """`side` pixels square from (left, top), even a side so that it halves evenly; grey outside the picture."""
    height, width = image.shape[:2]
    side += -side % 8
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x1 >= x2 or y1 >= y2:
        return np.full((side, side, *image.shape[2:]), OUTSIDE, np.uint8)
    patch = image[y1:y2, x1:x2]
    if patch.shape[:2] == (side, side):
        return patch
    border = (y1 - top, top + side - y2, x1 - left, left + side - x2)
    framed: Pixels = cv2.copyMakeBorder(patch, *border, cv2.BORDER_CONSTANT, value=(OUTSIDE,) * 3)
    return framed


@dataclass(frozen=True)
class Place:
    """Where a face's crop lies in the picture: a square of `side` pixels about `centre`, turned by `degrees`."""

    centre: tuple[float, float]
    side: float
    degrees: float

    def inside(self, points: Floats, size: int) -> Floats:
        """Points of the picture, (n, 2), as x and y in the crop scaled to `size` pixels."""
        turn = math.radians(self.degrees)
        cos, sin = math.cos(turn), math.sin(turn)
        away = (points - np.array(self.centre, np.float32)) * np.float32(size / self.side)
        turned: Floats = away @ np.array([[cos, -sin], [sin, cos]], np.float32) + np.float32(size / 2)
        return turned


def place(box: Sequence[float], landmarks: Floats, of_box_height: float) -> Place:
    """The place of a face's crop: `of_box_height` times its box's height, turned where the head is rolled far."""
    x1, y1, x2, y2 = box
    return Place(((x1 + x2) / 2, (y1 + y2) / 2), max(1.0, of_box_height * (y2 - y1)), turn_degrees(landmarks))


def face_crop(
    image: Pixels,
    box: Sequence[float],
    landmarks: Floats,
    size: int,
    *,
    of_box_height: float,
) -> Pixels:
    """The grey crop (size, size) uint8 of a face: a square of `of_box_height` times the box's height about its centre.

    `image` is (H, W, 3) BGR or (H, W) grey, `box` x1, y1, x2, y2 and `landmarks` (5, 2) in its pixels. A head rolled by
    TURN_FROM_DEGREES or more is turned upright.
    """
    where = place(box, landmarks, of_box_height)
    crop = cut(image, where.centre, where.side, size, degrees=where.degrees)
    return crop if crop.ndim == 2 else cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
