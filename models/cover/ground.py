"""A face to draw on: where its places lie, and how much of its mouth something hides.

A place on a face is (across, down): across in distances between the eyes, down in distances from the eyes to the
mouth. The eyes are at (-0.5, 0) and (0.5, 0), the mouth at about (-0.4, 1) and (0.4, 1), the chin at about (0, 1.75).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.data import Floats

MOUTH = ((-0.5, 0.85), (0.5, 0.85), (0.5, 1.22), (-0.5, 1.22))


@dataclass(frozen=True)
class Ground:
    """A face to draw on: where its places lie. `landmarks` is (5, 2) in pixels of a square picture of `side`."""

    landmarks: Floats
    side: int

    @property
    def unit(self) -> float:
        """Distance from the eyes to the mouth, in pixels; it does not shrink as the head turns."""
        return max(2.0, float(np.linalg.norm(self.landmarks[3:].mean(axis=0) - self.landmarks[:2].mean(axis=0))))

    def points(self, places: Floats) -> Floats:
        """Places (n, 2) as x and y (n, 2)."""
        eyes, mouth = self.landmarks[:2].mean(axis=0), self.landmarks[3:].mean(axis=0)
        down = mouth - eyes
        across = self.landmarks[1] - self.landmarks[0]
        result: Floats = (eyes + places[:, :1] * across + places[:, 1:] * down).astype(np.float32)
        return result

    def inside(self, places: Floats) -> Floats:
        """How much of each pixel (side, side) lies within an outline, 0 to 1."""
        area = np.zeros((self.side, self.side), np.uint8)
        cv2.fillPoly(area, [np.rint(self.points(places) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return np.asarray(area / 255, np.float32)


def mouth_covered(ground: Ground, cover: Floats) -> float:
    """How much of the mouth a cover (side, side) hides, 0 to 1."""
    mouth = ground.inside(np.array(MOUTH, np.float32))
    return float((mouth * cover).sum() / max(float(mouth.sum()), 1e-6))
