"""Labelled crops for evaluation from any parquet file in one of four known formats, cut as the desk cuts them.

A file's columns say what it is: FER+ votes, ratings of Taiwanese performers, CK+ frames, or muxspace faces. Other
splits of the same formats work alike. FER+ files hold FER-2013's own labels too, which are read where asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet

from edge.align import OUTSIDE, cut, face_crop
from edge.detect import Detector, Face
from models.data import CLASSES, FACE_SIDE, NOT_A_CLASS, Bytes, Ints, decode, majority, read_columns, read_faces
from models.errors import DataError
from models.networks.preprocess import INPUT_SIDE

RATED = ("happiness", "sadness", "anger", "disgust", "fear", "surprise")
CLEAR_RATING = 0.5
FER_2013 = "FER-2013"
# A FER-2013 picture's side in parts of the height of the detector's box there: `mien-models geometry`.
PICTURE_OF_BOX_HEIGHT = 0.952
_SPELLED = {"happy": "happiness", "sad": "sadness", "angry": "anger"}


@dataclass(frozen=True)
class Samples:
    """Crops (N, size, size) uint8 with labels (N,) in the contract's order.

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


@dataclass(frozen=True)
class Labelled:
    """The clearly labelled pictures of a file before they are cut: labels (N,) and rows in the file (N,).

    Face pictures, which need no detector, are `images` (N, side, side) grey; others are `encoded`, each with its face
    still to be found.
    """

    path: Path
    kind: str
    labels: Ints
    rows: Ints
    images: Bytes | None = None
    encoded: tuple[bytes, ...] = ()

    def picture(self, place: int) -> Bytes:
        """The picture (H, W, 3) BGR at one of the N places, with grey around it. Raises DataError."""
        return padded(decode(self.encoded[place], True, f"{self.path}, row {self.rows[place]}")[:, :, ::-1])

    def find_faces(self, detector: Detector, begun: Callable[[int], None] = lambda place: None) -> list[Face | None]:
        """The face of each picture, or None where none is found; `begun` is told each place. Raises DataError."""
        faces = []
        for place in range(len(self.encoded)):
            begun(place)
            faces.append(main_face(detector, self.picture(place)))
        return faces

    def cut(self, faces: list[Face | None], of_box_height: float, size: int) -> Samples:
        """Crops of `of_box_height` times the box's height, scaled to `size` pixels; face pictures need no `faces`."""
        if self.images is not None:
            return Samples(self.kind, middle(self.images, of_box_height, size), self.labels, self.rows)
        kept = [(place, face) for place, face in enumerate(faces) if face is not None]
        crops = np.empty((len(kept), size, size), np.uint8)
        for to, (place, face) in enumerate(kept):
            picture = self.picture(place)
            crops[to] = face_crop(picture, face.box, face.landmarks, size, of_box_height=of_box_height)
        places = np.array([place for place, _ in kept], np.int64)
        return Samples(self.kind, crops, self.labels[places], self.rows[places], len(faces) - len(kept))


def read_samples(path: Path, of_box_height: float, size: int = INPUT_SIDE, labels: str = "") -> Samples:
    """All clearly labelled faces of a file as crops of `of_box_height` times the box's height, `size` pixels wide.

    Raises DataError as `read_labelled` does.
    """
    labelled = read_labelled(path, labels)
    faces = [] if labelled.images is not None else labelled.find_faces(Detector.from_bundle())
    return labelled.cut(faces, of_box_height, size)


def read_labelled(path: Path, labels: str = "") -> Labelled:
    """All clearly labelled pictures of a file. `labels` is empty, or FER-2013 for that set's own labels.

    Raises DataError where the file is missing, broken, of no known format, or holds no labelled face.
    """
    columns = _column_names(path)
    for kind, marks, reader in _FORMATS:
        if marks <= columns and labels in ("", kind):
            labelled = reader(path)
            if not len(labelled.labels):
                raise DataError(f"{path}: holds no clearly labelled face; give another split of {kind}")
            return labelled
    known = "; ".join(f"{kind}: {', '.join(sorted(marks))}" for kind, marks, _ in _FORMATS)
    raise DataError(f"{path}: its columns are of no known data set; known are {known}")


def _column_names(path: Path) -> set[str]:
    try:
        return set(pyarrow.parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError):
        read_columns(path, ())
        raise


def _fer_plus(path: Path) -> Labelled:
    faces = read_faces(path)
    labels = majority(faces.votes)
    rows = np.flatnonzero(labels != NOT_A_CLASS)
    return Labelled(path, "FER+", labels[rows], rows, faces.images[rows])


def _fer_2013(path: Path) -> Labelled:
    images = read_faces(path).images
    names = read_columns(path, ("fer2013",))["fer2013"]
    rows = np.array([row for row, name in enumerate(names) if name is not None], np.int64)
    return Labelled(path, FER_2013, _named([names[row] for row in rows], path), rows, images[rows])


def _ck48(path: Path) -> Labelled:
    columns = read_columns(path, ("emotion", "image"))
    labels = _named(columns["emotion"], path)
    images = [decode(data, False, f"{path}, row {row}") for row, data in enumerate(columns["image"])]
    if any(image.shape != (FACE_SIDE, FACE_SIDE) for image in images):
        raise DataError(f"{path}: holds pictures that are not 48x48; use the 48x48 release")
    return Labelled(path, "CK+48", labels, np.arange(len(labels)), np.stack(images))


def _taiwanese(path: Path) -> Labelled:
    """Label: neutral where it was intended, else the emotion that at least half of the raters chose."""
    columns = read_columns(path, ("intended", "image", *(f"rated_{name}" for name in RATED)))
    ratings = np.array([[np.nan if x is None else x for x in columns[f"rated_{name}"]] for name in RATED]).T
    ratings = np.nan_to_num(ratings)
    named = np.array([CLASSES.index(name) for name in RATED])[ratings.argmax(axis=1)]
    labels = np.where(ratings.max(axis=1) >= CLEAR_RATING, named, NOT_A_CLASS)
    labels[np.array(columns["intended"]) == "neutral"] = CLASSES.index("neutral")
    rows = np.flatnonzero(labels != NOT_A_CLASS)
    encoded = tuple(columns["image"][row] for row in rows)
    return Labelled(path, "Taiwanese", labels[rows].astype(np.int64), rows, encoded=encoded)


def _muxspace(path: Path) -> Labelled:
    columns = read_columns(path, ("emotion", "image"))
    labels = _named(columns["emotion"], path)
    return Labelled(path, "muxspace", labels, np.arange(len(labels)), encoded=tuple(columns["image"]))


_FORMATS: tuple[tuple[str, set[str], Callable[[Path], Labelled]], ...] = (
    ("FER+", {"image", *CLASSES, "unknown", "NF"}, _fer_plus),
    (FER_2013, {"image", *CLASSES, "unknown", "NF", "fer2013"}, _fer_2013),
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


def middle(images: Bytes, of_box_height: float, size: int) -> Bytes:
    """The middle of face pictures (N, side, side) as (N, size, size): a crop of `of_box_height`, at most the picture.

    Its side is an even number of pixels, so that a crop of `size` pixels is the picture's own pixels.
    """
    whole = images.shape[1]
    side = min(whole, 2 * round(of_box_height / PICTURE_OF_BOX_HEIGHT * whole / 2))
    if side == size:
        edge = (whole - side) // 2
        return images[:, edge : edge + side, edge : edge + side]
    centre = (whole / 2, whole / 2)
    return np.stack([cut(image, centre, side, size) for image in images])


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
