"""Labelled faces of any parquet file with a column `image` of encoded pictures, cut as the desk cuts them.

Which labels: the votes of FER+ taggers (`ferplus`), FER-2013's own (`fer2013`), a column of names (`emotion`), or the
shares of raters who chose each emotion (`ratings`). A file may hold several; other columns do not matter. A picture of
48x48 is a face picture already, such as FER-2013's; on any other the face is looked for first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet

from edge.align import OUTSIDE, cut, face_crop
from edge.detect import Detector, Face
from models.data import CLASSES, FACE_SIDE, NOT_A_CLASS, Bytes, Ints, decode, read_columns
from models.errors import DataError
from models.labels import ASKED, COLUMNS, Labels, read_labels
from models.networks.preprocess import INPUT_SIDE

# A FER-2013 picture's side in parts of the height of the detector's box there: `mien-models geometry`.
PICTURE_OF_BOX_HEIGHT = 0.952
# Where the face is in a face picture: the width of its box in parts of the height, and its landmarks in parts of the
# picture's side, medians of what the detector finds in FER-2013's.
WIDTH_OF_BOX = 0.77
LANDMARKS = ((0.31, 0.39), (0.69, 0.38), (0.51, 0.60), (0.35, 0.79), (0.66, 0.78))
SMALLEST_SIDE, LARGEST_SIDE = 96, 1024  # pictures are scaled to lie between before a face is looked for


@dataclass(frozen=True)
class Spoil:
    """What is done to a picture and its face before the crop is cut, and to the crop after.

    `crop` gets a source of random numbers that is the same for the same row of a file.
    """

    picture: Callable[[Bytes, Face], tuple[Bytes, Face]] | None = None
    crop: Callable[[Bytes, np.random.Generator], Bytes] | None = None


@dataclass(frozen=True)
class Samples:
    """Crops (N, size, size) uint8 with labels (N,) in the contract's order.

    `kind` is the kind of label, `rows` the N crops' rows in the file, `not_found` the labelled pictures without a face.
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
    """Pictures of a file before they are cut: labels (N,), rows in the file (N,), and N `encoded`.

    `offered` are the expressions that those who labelled them could choose.
    """

    path: Path
    kind: str
    labels: Ints
    rows: Ints
    encoded: tuple[bytes, ...]
    offered: tuple[str, ...] = CLASSES

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, keep: Any) -> "Labelled":
        places = np.arange(len(self))[keep]
        encoded = tuple(self.encoded[place] for place in places)
        return replace(self, labels=self.labels[places], rows=self.rows[places], encoded=encoded)

    def picture(self, place: int) -> Bytes:
        """One of the N: grey (48, 48) of a face picture, else (H, W, 3) BGR with grey around it. Raises DataError."""
        where = f"{self.path}, row {self.rows[place]}"
        picture = decode(self.encoded[place], True, where)
        if picture.shape[:2] == (FACE_SIDE, FACE_SIDE):
            return decode(self.encoded[place], False, where)
        return padded(picture[:, :, ::-1])

    def find_faces(self, detector: Detector, begun: Callable[[int], None] = lambda place: None) -> list[Face | None]:
        """The face of each picture, or None where none is found; `begun` is told each place. Raises DataError."""
        faces = []
        for place in range(len(self)):
            begun(place)
            picture = self.picture(place)
            faces.append(face_picture() if picture.ndim == 2 else main_face(detector, picture))
        return faces

    def cut(self, faces: list[Face | None], of_box_height: float, size: int, spoil: Spoil | None = None) -> Samples:
        """Crops of `of_box_height` times the box's height, scaled to `size` pixels, of the faces that were found."""
        places = np.array([place for place, face in enumerate(faces) if face is not None], np.int64)
        crops = np.empty((len(places), size, size), np.uint8)
        for to, place in enumerate(places):
            picture, face = self.picture(place), faces[place]
            assert face is not None
            crops[to] = crop_of(picture, face, of_box_height, size, spoil)
            if spoil and spoil.crop:
                crops[to] = spoil.crop(crops[to], np.random.default_rng(int(self.rows[place])))
        return Samples(self.kind, crops, self.labels[places], self.rows[places], len(faces) - len(places))


def crop_of(picture: Bytes, face: Face, of_box_height: float, size: int, spoil: Spoil | None = None) -> Bytes:
    """The crop (size, size) of a face in a picture as `Labelled.picture` gives it, what `spoil` does to it done."""
    if picture.ndim == 2:  # a face picture: no crop is wider than it
        of_box_height = min(of_box_height, PICTURE_OF_BOX_HEIGHT)
    if spoil and spoil.picture:
        picture, face = spoil.picture(picture, face)
    if picture.shape == (FACE_SIDE, FACE_SIDE):
        return np.asarray(middle(picture[None], of_box_height, size)[0], np.uint8)
    return np.asarray(face_crop(picture, face.box, face.landmarks, size, of_box_height=of_box_height), np.uint8)


def read_samples(path: Path, of_box_height: float, size: int = INPUT_SIDE, labels: str = "") -> Samples:
    """All clearly labelled faces of a file as crops of `of_box_height` times the box's height, `size` pixels wide.

    Raises DataError as `read_labelled` does.
    """
    labelled = read_labelled(path, labels)
    return labelled.cut(labelled.find_faces(Detector.from_bundle()), of_box_height, size)


def read_labelled(path: Path, labels: str = "") -> Labelled:
    """All clearly labelled pictures of a file. `labels` is a kind of label, or empty: as the file's columns say.

    Raises DataError where the file is missing, broken, has no such label, or holds no labelled face.
    """
    columns = column_names(path)
    kind = next((kind for kind in ASKED[labels] if COLUMNS[kind] <= columns), None)
    if kind is None:
        needed = "; or ".join(f"{kind}: {', '.join(sorted(COLUMNS[kind]))}" for kind in ASKED[labels])
        raise DataError(f"{path}: its columns are of no known kind of label; known are {needed}")
    found = read_labels(path, kind, columns)
    rows = np.flatnonzero(found.places != NOT_A_CLASS)
    if not len(rows):
        raise DataError(f"{path}: holds no clearly labelled face; give another file, or another kind of label")
    return _pictures(path, found, rows)


def read_unlabelled(path: Path) -> Labelled:
    """All pictures of a file, whatever is said of them; their labels are NOT_A_CLASS. Raises DataError."""
    count = len(read_columns(path, ("image",))["image"])
    nothing = Labels("", np.full(count, NOT_A_CLASS, np.int64), CLASSES)
    return _pictures(path, nothing, np.arange(count))


def has_labels(path: Path) -> bool:
    """Whether a file has columns of a known kind of label. Raises DataError."""
    columns = column_names(path)
    return any(needed <= columns for needed in COLUMNS.values())


def _pictures(path: Path, labels: Labels, rows: Ints) -> Labelled:
    encoded = read_columns(path, ("image",))["image"]
    for row in rows:
        if not isinstance(encoded[row], bytes) or not encoded[row]:
            raise DataError(f"{path}, row {row}: has no picture; `image` is to hold the bytes of a picture file")
    chosen = tuple(encoded[row] for row in rows)
    return Labelled(path, labels.kind, labels.places[rows], rows, chosen, labels.offered)


def column_names(path: Path) -> set[str]:
    """The names of a parquet file's columns; DataError where it is missing or broken."""
    try:
        return set(pyarrow.parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError):
        read_columns(path, ())
        raise


def face_picture() -> Face:
    """Where the face is in a face picture (48, 48)."""
    height = FACE_SIDE / PICTURE_OF_BOX_HEIGHT
    width, centre = WIDTH_OF_BOX * height, FACE_SIDE / 2
    box = (centre - width / 2, centre - height / 2, centre + width / 2, centre + height / 2)
    return Face(box, 1.0, np.array(LANDMARKS, np.float32) * FACE_SIDE)


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
    """A face picture with a half of its side of grey around it, at least 192 pixels high: the detector needs room.

    A huge one is made smaller, so that it takes no longer than others.
    """
    scale = max(SMALLEST_SIDE / picture.shape[0], 1.0) * min(LARGEST_SIDE / max(picture.shape[:2]), 1.0)
    if scale != 1.0:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)
    border = picture.shape[0] // 2
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_CONSTANT, value=(OUTSIDE,) * 3)
    return np.asarray(framed, np.uint8)


def main_face(detector: Detector, picture: Bytes) -> Face | None:
    """The largest face over the middle of the picture, or None."""
    y, x = picture.shape[0] / 2, picture.shape[1] / 2
    over = [f for f in detector.detect(picture) if f.box[0] < x < f.box[2] and f.box[1] < y < f.box[3]]
    return max(over, key=lambda face: face.area, default=None)
