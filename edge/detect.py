"""Finding faces: MTCNN in three stages (Zhang, Zhang, Li and Qiao 2016), with five landmarks, any number of faces.

P-Net looks at a pyramid of the picture and proposes, R-Net sorts out, O-Net decides, corrects the box and sets the
landmarks. Boxes are float arrays (n, 4) of x1, y1, x2, y2 in pixels of the picture; what lies outside it is 128 grey.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.bundle import DEFAULT, detector_card, detector_folder
from edge.runtime.backend import Backend, ModelFile, Runtime
from edge.runtime.onnx import ON_PROCESSOR

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

OUTSIDE = 128  # the networks' zero: (128 - 127.5) / 128
CELL = 12  # side of P-Net's window
STRIDE = 2  # and its step
BATCH = 16  # crops that R-Net takes at once: no slower than all of them, and its memory stays small
LOOKS = 3  # how often O-Net may look at one candidate


@dataclass(frozen=True, eq=False)
class Face:
    """One face: `box` x1, y1, x2, y2 and `landmarks` (5, 2) in pixels, `score` the probability that it is a face.

    The landmarks are the left eye, the right eye, the nose, the left and the right mouth corner, as the picture shows
    them (left is where x is small).
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: Floats

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)


@dataclass(frozen=True)
class Thresholds:
    """What each stage lets through: least probability, and the overlap at which the weaker of two boxes goes.

    `onet_retry` is the least probability at which O-Net looks again; see `Detector.detect`.
    """

    pnet: float = 0.6
    rnet: float = 0.8
    onet: float = 0.8
    onet_retry: float = 0.01
    pnet_overlap: float = 0.5
    levels_overlap: float = 0.7
    rnet_overlap: float = 0.7
    onet_overlap: float = 0.7


def pyramid_scales(height: int, width: int, min_face: float, factor: float = 0.709) -> list[float]:
    """Scales at which P-Net's window covers faces from `min_face` pixels up to the whole picture, largest first."""
    scale = CELL / min_face
    scales = []
    while min(height, width) * scale >= CELL:
        scales.append(scale)
        scale *= factor
    return scales


def pyramid(image: Pixels, scales: list[float]) -> Iterator[tuple[Pixels, float, float]]:
    """The picture at each scale as (level, scale of x, scale of y), each level made from the last.

    Halving by area averages exactly and is fast; the rest, always less than a halving, is bilinear.
    """
    height, width = image.shape[:2]
    level = image
    for scale in scales:
        rows, columns = max(CELL, round(height * scale)), max(CELL, round(width * scale))
        while level.shape[0] >= 2 * rows and level.shape[1] >= 2 * columns:
            level = halve(level)
        level = cv2.resize(level, (columns, rows), interpolation=cv2.INTER_LINEAR)
        yield level, columns / width, rows / height


def halve(image: Pixels) -> Pixels:
    """Half the size, each pixel the mean of four; an odd last row or column is left out."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    small: Pixels = cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return small


def cells(score: Floats, offset: Floats, threshold: float) -> tuple[Floats, Floats, Floats]:
    """P-Net's windows over `threshold`: boxes (n, 4) in pixels of the level, their probabilities, their offsets (n, 4).

    `score` is (rows, columns), `offset` (4, rows, columns).
    """
    rows, columns = np.nonzero(score > threshold)
    corner = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE
    return np.hstack([corner, corner + CELL]), score[rows, columns], offset[:, rows, columns].T


def calibrate(boxes: Floats, offset: Floats) -> Floats:
    """Boxes moved by what a network says of each corner, in parts of the box's width and height."""
    corners = boxes.reshape(-1, 2, 2)
    size = corners[:, 1:] - corners[:, :1]
    return (corners + offset.reshape(-1, 2, 2) * size).reshape(-1, 4)


def square(boxes: Floats) -> Floats:
    """Each box widened to a square on its longer side, about its centre."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.hstack([centre - half, centre + half])


def overlaps(boxes: Floats, other: Floats, *, of_smaller: bool = False) -> Floats:
    """Intersection of each of (n, 4) with each of (m, 4), over their union or over the smaller of the two: (n, m)."""
    low = np.maximum(boxes[:, None, :2], other[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], other[None, :, 2:])
    inside = (high - low).clip(min=0).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None]
    other_area = (other[:, 2:] - other[:, :2]).prod(axis=1)[None]
    whole = np.minimum(area, other_area) if of_smaller else area + other_area - inside
    result: Floats = inside / np.maximum(whole, np.finfo(np.float32).tiny)
    return result


def nms(boxes: Floats, scores: Floats, threshold: float, *, of_smaller: bool = False) -> NDArray[np.intp]:
    """Indices of the boxes that no better one overlaps by more than `threshold`, best first."""
    order = np.argsort(-scores, kind="stable")
    overlap = overlaps(boxes[order], boxes[order], of_smaller=of_smaller) > threshold
    gone = np.zeros(len(order), dtype=bool)
    for i in range(len(order)):
        if not gone[i]:
            gone[i + 1 :] |= overlap[i, i + 1 :]
    return order[~gone]


def crops(image: Pixels, squares: Floats, side: int) -> Pixels:
    """Square boxes cut out and scaled to (n, side, side, 3), averaging where they shrink; grey outside the picture."""
    height, width = image.shape[:2]
    out = np.empty((len(squares), side, side, 3), np.uint8)
    for i, (x1, y1, x2, y2) in enumerate(np.rint(squares).astype(int).tolist()):
        size = max(1, x2 - x1, y2 - y1)
        left, top, right, bottom = max(x1, 0), max(y1, 0), min(x1 + size, width), min(y1 + size, height)
        if left >= right or top >= bottom:
            out[i] = OUTSIDE
            continue
        patch = image[top:bottom, left:right]
        if patch.shape[:2] != (size, size):
            border = (top - y1, y1 + size - bottom, left - x1, x1 + size - right)
            patch = cv2.copyMakeBorder(patch, *border, cv2.BORDER_CONSTANT, value=(OUTSIDE, OUTSIDE, OUTSIDE))
        while patch.shape[0] >= 2 * side:
            patch = halve(patch)
        how = cv2.INTER_AREA if patch.shape[0] > side else cv2.INTER_LINEAR
        cv2.resize(patch, (side, side), dst=out[i], interpolation=how)
    return out


class Detector:
    """MTCNN's cascade over pictures (H, W, 3) uint8 BGR."""

    def __init__(
        self,
        pnet: Backend,
        rnet: Backend,
        onet: Backend,
        *,
        min_face: float = 40.0,
        thresholds: Thresholds = Thresholds(),
    ) -> None:
        """`min_face` is the side in pixels of the smallest face that is looked for."""
        self._pnet, self._rnet, self._onet = pnet, rnet, onet
        self.min_face = min_face
        self.thresholds = thresholds

    @classmethod
    def from_bundle(
        cls, folder: Path = DEFAULT, *, min_face: float = 40.0, thresholds: Thresholds = Thresholds()
    ) -> Detector:
        """The detector of a bundle folder, on ONNX Runtime. Raises ModelError."""
        files = detector_card(folder).files(detector_folder(folder))
        return cls.from_files(files, min_face=min_face, thresholds=thresholds)

    @classmethod
    def from_files(
        cls,
        files: Iterable[ModelFile],
        runtime: Runtime = ON_PROCESSOR,
        *,
        min_face: float = 40.0,
        thresholds: Thresholds = Thresholds(),
    ) -> Detector:
        """The detector of the files of P-Net, R-Net and O-Net. Raises ModelError."""
        return cls(*(runtime.load(file) for file in files), min_face=min_face, thresholds=thresholds)

    def detect(self, image: Pixels, *, at_least: float = 0.0) -> list[Face]:
        """Every face in one picture, the surest first; none smaller than `at_least` pixels is looked for either."""
        boxes = self._refine(image, self._propose(image, max(self.min_face, at_least)))
        faces = self._decide(image, square(boxes))
        found = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
        scores = np.array([face.score for face in faces], np.float32)
        return [faces[i] for i in nms(found, scores, self.thresholds.onet_overlap, of_smaller=True)]

    def _decide(self, image: Pixels, squares: Floats) -> list[Face]:
        """O-Net's faces. A box it refuses is looked at again where it moved it, as long as its score rises.

        R-Net's box is often off by a few pixels for small or turned faces: there O-Net says no, and where to look.
        """
        faces: list[Face] = []
        best = np.full(len(squares), self.thresholds.onet_retry, np.float32)
        for _ in range(LOOKS):
            if not len(squares):
                break
            looks = self.look(image, squares)
            faces += [face for face in looks if face.score > self.thresholds.onet]
            rising = [f for f, last in zip(looks, best, strict=True) if last < f.score <= self.thresholds.onet]
            squares = square(np.array([f.box for f in rising], np.float32).reshape(-1, 4))
            best = np.array([f.score for f in rising], np.float32)
        return faces

    def look(self, image: Pixels, squares: Floats) -> list[Face]:
        """O-Net alone on square boxes (n, 4): one Face each, however small its score. The tracker's whole work."""
        score, offset, points = self._onet.infer(crops(image, squares, 48))
        boxes = calibrate(squares, offset)
        corner, size = squares[:, None, :2], (squares[:, 2:] - squares[:, :2])[:, None]
        landmarks = corner + points.reshape(-1, 2, 5).transpose(0, 2, 1) * size
        return [
            Face((float(b[0]), float(b[1]), float(b[2]), float(b[3])), float(s), np.asarray(p, np.float32))
            for b, s, p in zip(boxes, score[:, 0], landmarks, strict=True)
        ]

    def _propose(self, image: Pixels, min_face: float) -> Floats:
        limit = self.thresholds
        boxes, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        for level, x_scale, y_scale in pyramid(image, pyramid_scales(image.shape[0], image.shape[1], min_face)):
            score, offset = self._pnet.infer(level[None])
            found, sure, moves = cells(score[0, 0], offset[0], limit.pnet)
            keep = nms(found, sure, limit.pnet_overlap)
            scale = np.array([x_scale, y_scale, x_scale, y_scale], np.float32)
            boxes.append(calibrate(found[keep], moves[keep]) / scale)
            scores.append(sure[keep])
        every, sure = np.concatenate(boxes), np.concatenate(scores)
        return every[nms(every, sure, limit.levels_overlap)]

    def _refine(self, image: Pixels, proposals: Floats) -> Floats:
        if not len(proposals):
            return proposals
        squares = square(proposals)
        parts = [squares[i : i + BATCH] for i in range(0, len(squares), BATCH)]
        results = [self._rnet.infer(crops(image, part, 24)) for part in parts]
        score, offset = (np.concatenate(outputs) for outputs in zip(*results, strict=True))
        sure = score[:, 0] > self.thresholds.rnet
        boxes, scores = calibrate(squares[sure], offset[sure]), score[sure, 0]
        return boxes[nms(boxes, scores, self.thresholds.rnet_overlap)]
