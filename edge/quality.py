"""Whether a face can be read at all: plain measures of a crop and its landmarks, each with a named limit.

Each limit stands where it parts faces that were read from faces that were spoilt on purpose (turned, darkened, blurred,
covered); none of them looks at the expression.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason
from edge.align import cut
from edge.detect import Face

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """What a face must reach to be read. Greys are 0 to 255; sharpness and detail have no unit."""

    height: float = 40.0  # pixels of its box: the crop is then about what the network takes in, not enlarged
    yaw: float = 0.6  # nose from between the eyes, in distances between the eyes: about 45 degrees
    light: float = 30.0  # mean grey of the crop
    sharpness: float = 0.06  # variance of the crop's Laplacian over its own variance
    score: float = 0.9  # O-Net's probability; hands and cloths before a face bring it down, masks often do not
    detail: float = 0.15  # contrast about the eyes and about the mouth, over that of the crop; a plain mask has none
    scene_light: float = 16.0  # mean grey of a picture in which no face was found
    scene_contrast: float = 5.0  # its standard deviation: with a hand or a shutter before the lens there is none


def yaw(landmarks: Floats) -> float:
    """How far the nose lies from between the eyes, along their line, in distances between them; 0 is straight ahead."""
    across = landmarks[1] - landmarks[0]
    nose = landmarks[2] - (landmarks[0] + landmarks[1]) / 2
    return float(nose @ across) / max(float(across @ across), 1e-6)


def sharpness(crop: Pixels) -> float:
    """Variance of the Laplacian of a grey crop (H, W) over the variance of the crop."""
    return float(cv2.Laplacian(crop, cv2.CV_32F).var()) / max(float(crop.var()), 1.0)


def detail(image: Pixels, first: Floats, second: Floats) -> float:
    """Standard deviation of grey in a band from one landmark (x, y) to another, half as high as it is wide."""
    x, y = (float(v) for v in (first + second) / 2)
    across = second - first
    side = 1.2 * max(1.0, float(np.hypot(*across)))
    patch = cut(image, (x, y), side, 16, degrees=float(np.degrees(np.arctan2(across[1], across[0]))))
    grey = patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
    return float(grey[4:12].std())


def fault(image: Pixels, face: Face, crop: Pixels, limits: Limits) -> Reason | None:
    """Why a face cannot be read, or None where it can.

    `image` is the frame (H, W, 3), `crop` what the network would see of the face, grey.
    """
    if face.height < limits.height:
        return Reason.TOO_SMALL
    if abs(yaw(face.landmarks)) > limits.yaw:
        return Reason.TURNED_AWAY
    if float(crop.mean()) < limits.light:
        return Reason.DARK
    if sharpness(crop) < limits.sharpness:
        return Reason.BLURRED
    if face.score < limits.score:
        return Reason.COVERED
    least = limits.detail * float(crop.std())
    eyes, mouth = face.landmarks[:2], face.landmarks[3:]
    if detail(image, eyes[0], eyes[1]) < least or detail(image, mouth[0], mouth[1]) < least:
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
