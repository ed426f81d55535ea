"""Labelled crops for evaluation from any parquet file in one of four known formats, cut as the desk cuts them.

A file's columns say what it is: FER+ votes, ratings of Taiwanese performers, CK+ frames, or muxspace faces. Other
splits of the same formats work alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet

from edge.align import OUTSIDE, face_crop
from edge.detect import Detector, Face
from models.data import CLASSES, FACE_SIDE, NOT_A_CLASS, Bytes, Ints, decode, majority, read_columns, read_faces
from models.errors import DataError
from models.networks.preprocess import INPUT_SIDE

RATED = ("happiness", "sadness", "anger", "disgust", "fear", "surprise")
CLEAR_RATING = 0.5
_SPELLED = {"happy": "happiness", "sad": "sadness"}


@dataclass(frozen=True)
class Samples:
    """Crops (N, 40, 40) uint8 with labels (N,) in the contract's order.

    `kind` is the format, `rows` the N crops' rows in the file, `not_found` the labelled pictures without a face.
    """

    kind: str
    crops: Bytes
    labels: Ints
    rows: Ints
    not_found: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, keep: Any) -> "Samples":
        return Samples(self.kind, self.crops[keep], self.labels[keep], self.rows[keep], self.not_found)


def read_samples(path: Path, of_box_height: float) -> Samples:
    """All clearly labelled faces of a file. `of_box_height` is the card's crop, for pictures that need a detector.

    Raises DataError where the file is missing, broken, of no known format, or holds no labelled face.
    """
    columns = _column_names(path)
    for kind, marks, reader in _FORMATS:
        if marks <= columns:
            samples = reader(path, of_box_height)
            if not len(samples):
                raise DataError(f"{path}: holds no clearly labelled face; give another split of {kind}")
            return samples
    known = "; ".join(f"{kind}: {', '.join(sorted(marks))}" for kind, marks, _ in _FORMATS)
    raise DataError(f"{path}: its columns are of no known data set; known are {known}")


def _column_names(path: Path) -> set[str]:
    try:
        return set(pyarrow.parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError):
        read_columns(path, ())
        raise


def _fer_plus(path: Path, of_box_height: float) -> Samples:
    """FER-2013 pictures are face crops already: their middle is what the network was trained on."""
    faces = read_faces(path)
    labels = majority(faces.votes)
    rows = np.flatnonzero(labels != NOT_A_CLASS)
    return Samples("FER+", _middle(faces.images[rows]), labels[rows], rows)


def _ck48(path: Path, of_box_height: float) -> Samples:
    columns = read_columns(path, ("emotion", "image"))
    labels = _named(columns["emotion"], path)
    images = [decode(data, False, f"{path}, row {row}") for row, data in enumerate(columns["image"])]
    if any(image.shape != (FACE_SIDE, FACE_SIDE) for image in images):
        raise DataError(f"{path}: holds pictures that are not 48x48; use the 48x48 release")
    rows = np.arange(len(labels))
    return Samples("CK+48", _middle(np.stack(images)), labels, rows)


def _taiwanese(path: Path, of_box_height: float) -> Samples:
    """Label: neutral where it was intended, else the emotion that at least half of the raters chose."""
    columns = read_columns(path, ("intended", "image", *(f"rated_{name}" for name in RATED)))
    ratings = np.array([[np.nan if x is None else x for x in columns[f"rated_{name}"]] for name in RATED]).T
    ratings = np.nan_to_num(ratings)
    named = np.array([CLASSES.index(name) for name in RATED])[ratings.argmax(axis=1)]
    labels = np.where(ratings.max(axis=1) >= CLEAR_RATING, named, NOT_A_CLASS)
    labels[np.array(columns["intended"]) == "neutral"] = CLASSES.index("neutral")
    return _detected("Taiwanese", path, columns["image"], labels.astype(np.int64), of_box_height)


def _muxspace(path: Path, of_box_height: float) -> Samples:
    columns = read_columns(path, ("emotion", "image"))
    return _detected("muxspace", path, columns["image"], _named(columns["emotion"], path), of_box_height)


_FORMATS: tuple[tuple[str, set[str], Callable[[Path, float], Samples]], ...] = (
    ("FER+", {"image", *CLASSES, "unknown", "NF"}, _fer_plus),
    ("Taiwanese", {"image", "intended", *(f"rated_{name}" for name in RATED)}, _taiwanese),
    ("CK+48", {"image", "emotion", "subject"}, _ck48),
    ("muxspace", {"image", "emotion", "person"}, _muxspace),
)


def _named(names: list[str], path: Path) -> Ints:
    spelled = [_SPELLED.get(name, name) for name in names]
    unknown = sorted(set(spelled) - set(CLASSES))
    if unknown:
        raise DataError(f"{path}: unknown expressions {', '.join(unknown)}; known are {', '.join(CLASSES)}")
    return np.array([CLASSES.index(name) for name in spelled], np.int64)


def _middle(images: Bytes) -> Bytes:
    edge = (images.shape[1] - INPUT_SIDE) // 2
    return images[:, edge : edge + INPUT_SIDE, edge : edge + INPUT_SIDE]


def _detected(kind: str, path: Path, encoded: list[bytes], labels: Ints, of_box_height: float) -> Samples:
    detector = Detector.from_bundle()
    crops, rows = [], []
    labelled = np.flatnonzero(labels != NOT_A_CLASS)
    for row in labelled:
        picture = padded(decode(encoded[row], True, f"{path}, row {row}")[:, :, ::-1])
        face = main_face(detector, picture)
        if face is not None:
            crops.append(face_crop(picture, face.box, face.landmarks, INPUT_SIDE, of_box_height=of_box_height))
            rows.append(row)
    found = np.array(rows, np.int64)
    stacked = np.stack(crops) if crops else np.empty((0, INPUT_SIDE, INPUT_SIDE), np.uint8)
    return Samples(kind, stacked, labels[found], found, len(labelled) - len(found))


def padded(picture: Bytes) -> Bytes:
    """A face picture with a half of its side of grey around it, at least 192 pixels high: the detector needs room."""
    if picture.shape[0] < 96:
        scale = 96 / picture.shape[0]
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    border = picture.shape[0] // 2
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_CONSTANT, value=(OUTSIDE,) * 3)
    return np.asarray(framed, np.uint8)


def main_face(detector: Detector, picture: Bytes) -> Face | None:
    """The largest face over the middle of the picture, or None."""
    y, x = picture.shape[0] / 2, picture.shape[1] / 2
    over = [f for f in detector.detect(picture) if f.box[0] < x < f.box[2] and f.box[1] < y < f.box[3]]
    return max(over, key=lambda face: face.area, default=None)
