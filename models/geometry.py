"""Measures how large a training picture's crop is beside the detector's box, so that desks cut what training saw."""

from dataclasses import dataclass

import numpy as np

from edge.detect import Detector
from models.data import Faces
from models.networks.preprocess import INPUT_SIDE
from models.samples import main_face, padded


@dataclass(frozen=True)
class Geometry:
    """Median height of the detector's box over FER-2013 pictures, and where the picture's middle lies in it.

    `box_height` is in parts of the picture's side; `offset` is box centre minus picture centre in the same unit (x, y);
    `crop_of_box_height` is the side of the network's crop in parts of the box's height; `whole_of_box_height` that of
    the whole picture.
    """

    pictures: int
    found: int
    box_height: float
    offset: tuple[float, float]
    crop_of_box_height: float
    whole_of_box_height: float


def measure(faces: Faces, count: int, seed: int) -> Geometry:
    """Detects the faces of `count` pictures drawn with `seed`, each with grey around it."""
    draw = np.random.default_rng(seed)
    rows = draw.choice(len(faces), min(count, len(faces)), replace=False)
    detector = Detector.from_bundle()
    heights, offsets = [], []
    for row in rows:
        picture = padded(np.repeat(faces.images[row][:, :, None], 3, axis=2))
        face = main_face(detector, picture)
        if face is not None:
            side = picture.shape[0] / 2
            heights.append(face.height / side)
            middle = np.array([face.box[0] + face.box[2], face.box[1] + face.box[3]]) / 2
            offsets.append((middle - side) / side)
    height = float(np.median(heights))
    x, y = np.median(offsets, axis=0).tolist()
    crop = INPUT_SIDE / faces.images.shape[1]
    return Geometry(len(rows), len(heights), height, (x, y), crop / height, 1 / height)
