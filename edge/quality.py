"""Whether a face can be read at all: plain measures of a crop and its landmarks, each with a named limit.

Each limit stands where it parts faces that were read from faces that were spoilt on purpose (turned, darkened, blurred,
covered); none of them looks at the expression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason
from edge.detect import Face

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """What a face must reach to be read. Greys are 0 to 255; sharpness and detail have no unit."""

    height: float = 40.0  # pixels of its box: the crop is then about what the network takes in, not enlarged
    yaw: float = 0.5  # nose from between the eyes, in distances between the eyes: about 45 degrees
    nose_up: float = 0.2  # least way of the nose down from the eyes, in distances to the mouth: a head thrown back
    nose_down: float = 0.8  # and the most: a head bowed; both from about 40 degrees, an upright face has 0.54
    light: float = 30.0  # mean grey of the crop
    sharpness: float = 0.06  # variance of the crop's Laplacian over its own variance
    score: float = 0.85  # O-Net's probability; hands and cloths before a face bring it down, masks often do not
    detail: float = 0.15  # contrast about the eyes and about the mouth, over that of the crop; a plain mask has none
    scene_light: float = 16.0  # mean grey of a picture in which no face was found
    scene_contrast: float = 5.0  # its standard deviation: with a hand or a shutter before the lens there is none


def yaw(landmarks: Floats) -> float:
    """How far the nose lies from between the eyes, along their line, in distances between them; 0 is straight ahead."""
    across = landmarks[1] - landmarks[0]
    nose = landmarks[2] - (landmarks[0] + landmarks[1]) / 2
    return float(nose @ across) / max(float(across @ across), 1e-6)


def nose_height(landmarks: Floats) -> float:
    """How far down from the eyes to the mouth the nose lies: 0 at the eyes, 1 at the mouth, more as the head bows.

    Measured across the line of the eyes and that of the mouth, so that rolling or turning the head changes little.
    """
    across = landmarks[1] - landmarks[0] + landmarks[4] - landmarks[3]
    down = np.array([-across[1], across[0]], np.float32)
    eyes, mouth = (landmarks[0] + landmarks[1]) / 2, (landmarks[3] + landmarks[4]) / 2
    return float((landmarks[2] - eyes) @ down) / max(float((mouth - eyes) @ down), 1e-6)


def sharpness(crop: Pixels) -> float:
    """Variance of the Laplacian of a grey crop (H, W) over the variance of the crop."""
    return spread(cv2.Laplacian(crop, cv2.CV_32F)) ** 2 / max(spread(crop) ** 2, 1.0)


def spread(grey: NDArray[Any]) -> float:
    """Standard deviation of an array (H, W); 0 of an empty one."""
    return float(cv2.meanStdDev(grey)[1][0, 0]) if grey.size else 0.0


def detail(crop: Pixels, first: Floats, second: Floats) -> float:
    """Standard deviation of grey in a band of the crop from one point (x, y) to another, half as high as it is wide."""
    x, y = (first + second).tolist()
    reach = 0.6 * max(4.0, math.dist(first, second))
    top, bottom = round(y / 2 - reach / 2), round(y / 2 + reach / 2)
    left, right = round(x / 2 - reach), round(x / 2 + reach)
    return spread(crop[max(0, top) : max(0, bottom), max(0, left) : max(0, right)])


def fault(face: Face, crop: Pixels, points: Floats, limits: Limits) -> Reason | None:
    """Why a face cannot be read, or None where it can.

    `crop` is what the network would see of the face, grey; `points` (5, 2) are its landmarks there.
    """
    if face.height < limits.height:
        return Reason.TOO_SMALL
    upright = limits.nose_up <= nose_height(face.landmarks) <= limits.nose_down
    if not upright or abs(yaw(face.landmarks)) > limits.yaw:
        return Reason.TURNED_AWAY
    if cv2.mean(crop)[0] < limits.light:
        return Reason.DARK
    if sharpness(crop) < limits.sharpness:
        return Reason.BLURRED
    if face.score < limits.score:
        return Reason.COVERED
    least = limits.detail * spread(crop)
    if detail(crop, points[0], points[1]) < least or detail(crop, points[3], points[4]) < least:
        return Reason.COVERED
    return None


def scene_fault(image: Pixels, limits: Limits) -> Reason:
    """Why a picture (H, W, 3) shows no face: the room is dark, the lens is covered, or nobody is there."""
    grey = image[::8, ::8].mean(axis=2)
    if float(grey.mean()) < limits.scene_light:
        return Reason.DARK
    if float(grey.std()) < limits.scene_contrast:
        return Reason.COVERED
    return Reason.NO_FACE
