"""Faces spoilt on purpose after they were found: what a bad camera, distance and a mask do to a model's answers."""

import cv2
import numpy as np

from edge.align import OUTSIDE
from edge.detect import Face
from models.data import Bytes
from models.samples import Spoil

NOISE = 0.06  # of the range from black to white
SMALL_FACE = 20  # pixels, the width of the detector's box


def noisy(crop: Bytes, draw: np.random.Generator) -> Bytes:
    """Gaussian noise of NOISE on every pixel of what the network sees.

    On a picture much finer than the crop it would vanish: shrinking averages it away.
    """
    return np.asarray((crop + draw.normal(0, 255 * NOISE, crop.shape)).round().clip(0, 255), np.uint8)


def scaled(picture: Bytes, face: Face, factor: float) -> tuple[Bytes, Face]:
    """A picture and its face made smaller by a factor, each pixel the mean of those it came from."""
    size = tuple(max(1, round(side * factor)) for side in picture.shape[1::-1])
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = size[0] / picture.shape[1], size[1] / picture.shape[0]
    x1, y1, x2, y2 = face.box
    landmarks = np.asarray(face.landmarks * np.array([across, down], np.float32), np.float32)
    return small, Face((x1 * across, y1 * down, x2 * across, y2 * down), face.score, landmarks)


def far_away(picture: Bytes, face: Face) -> tuple[Bytes, Face]:
    """The face SMALL_FACE pixels wide; the crop is then scaled up, as on the desk."""
    return scaled(picture, face, min(1.0, SMALL_FACE / face.width))


def masked(picture: Bytes, face: Face, above_chin: float = 1.0) -> tuple[Bytes, Face]:
    """A grey polygon over the lower face, as a mask is cut: from the nose's landmark to below the chin.

    `above_chin` is how much of the way from the chin to the nose it reaches up.
    """
    across = face.landmarks[1] - face.landmarks[0] + face.landmarks[4] - face.landmarks[3]
    across = across / max(float(np.hypot(*across)), 1e-6)
    down = np.array([-across[1], across[0]], np.float32)
    middle = np.array([(face.box[0] + face.box[2]) / 2, face.landmarks[2][1]], np.float32)
    deep, half = max(face.box[3] - float(middle[1]), 1.0), face.width / 2
    top = (1 - above_chin) * deep
    outline = [(-1, top), (1, top), (1, max(top, deep / 2)), (0.6, 1.05 * deep), (-0.6, 1.05 * deep)]
    outline.append((-1, max(top, deep / 2)))
    points = np.array([middle + x * half * across + y * down for x, y in outline])
    drawn = picture.copy()
    cv2.fillPoly(drawn, [np.rint(points).astype(np.int32)], (OUTSIDE,) * 3)
    return drawn, face


SPOILS = {"noise": Spoil(crop=noisy), "small": Spoil(far_away), "masked": Spoil(masked)}
