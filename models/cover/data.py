"""Faces to draw covers on, and the labelled crops that come of it, cut as the desk cuts them.

What is drawn changes what the detector sees: so its last stage looks again at each picture with something drawn, and
the crop is that of the box it then gives.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet
from tqdm import tqdm

from edge.align import OUTSIDE, cut, face_crop
from edge.detect import Detector, square
from models.cover.cloth import Repertoire
from models.cover.ground import Ground
from models.cover.masks import Kind, covered
from models.data import FACE_SIDE, Bytes, Floats, decode, read_columns
from models.errors import DataError
from models.networks.preprocess import INPUT_SIDE
from models.samples import main_face, padded
from models.sources.people import fold_of

VIEW = 112  # side of the picture that is drawn on
VIEW_OF_BOX = 1.4  # its side in the picture it is cut from, in heights of the face's box
HIDDEN, SEEN = 0.75, 0.2  # the part of the mouth from which it is covered, and up to which it is not
LOOK_AGAIN = 0.3  # least probability at which the detector's new box is taken
KINDS: tuple[Kind | None, ...] = (None, "before", "before", "aside", "hand")
STRETCH = (0.85, 1.25)  # how much wider a face may be made: lenses, and data sets, differ in that


@dataclass(frozen=True)
class Views:
    """Faces with what is around them: pictures (N, VIEW, VIEW) uint8 grey, boxes (N, 4), landmarks (N, 5, 2) in them.

    `fold` (N,) is 0 to FOLDS - 1; one person is in one fold only.
    """

    pictures: Bytes
    boxes: Floats
    landmarks: Floats
    fold: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, rows: Any) -> "Views":
        return Views(self.pictures[rows], self.boxes[rows], self.landmarks[rows], self.fold[rows])


@dataclass(frozen=True)
class Crops:
    """Crops (N, 48, 48) uint8, whose 40 px middle is what the desk cuts; labels (N,) float32, 1 where covered.

    `drawn` (N,) says on which something was drawn.
    """

    images: Bytes
    labels: Floats
    drawn: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: Any) -> "Crops":
        return Crops(self.images[rows], self.labels[rows], self.drawn[rows])


def joined(first: Views, second: Views) -> Views:
    """Both, one after the other."""
    names = ("pictures", "boxes", "landmarks", "fold")
    return Views(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def read_views(path: Path, detector: Detector, rows: npt.NDArray[np.bool_] | None = None) -> Views:
    """The faces that the detector finds in a file of pictures (column `image`; folds by `person` where it is there).

    `rows` says which rows to read, by default all.
    Raises DataError where the file is missing or broken.
    """
    images = read_columns(path, ("image",))["image"]
    people = people_of(path, len(images))
    found = []
    for row, data in enumerate(tqdm(images, desc=f"faces of {path.name}", mininterval=5)):
        if rows is not None and not rows[row]:
            continue
        view = _view(detector, padded(decode(data, True, f"{path}, row {row}")[:, :, ::-1]))
        if view is not None:
            found.append((*view, fold_of(people[row])))
    if not found:
        raise DataError(f"{path}: the detector finds no face in it; give a file of faces")
    pictures, boxes, landmarks, folds = zip(*found, strict=True)
    return Views(np.stack(pictures), np.stack(boxes), np.stack(landmarks), np.array(folds))


def people_of(path: Path, count: int) -> list[str]:
    """Who is on each of `count` pictures of a file, or the row where the file does not say."""
    names = pyarrow.parquet.read_schema(path).names
    people = read_columns(path, ("person",))["person"] if "person" in names else [None] * count
    return [person or f"row {row}" for row, person in enumerate(people)]


def _view(detector: Detector, picture: Bytes) -> tuple[Bytes, Floats, Floats] | None:
    face = main_face(detector, picture)
    if face is None:
        return None
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    side = VIEW_OF_BOX * face.height
    grey = cv2.cvtColor(cut(picture, (x, y), side, VIEW), cv2.COLOR_BGR2GRAY)
    scale, corner = np.float32(VIEW / side), np.array([x - side / 2, y - side / 2], np.float32)
    box = (np.array(face.box, np.float32).reshape(2, 2) - corner).reshape(4) * scale
    return grey, box, (face.landmarks - corner) * scale


def drawn_crops(views: Views, detector: Detector, of_box_height: float, how: Repertoire, seed: int) -> Crops:
    """Of each view: itself, twice something before the mouth, once something beside it, and of every second a hand.

    Crops whose mouth is hidden in part, between SEEN and HIDDEN, are left out: what they are nobody can say.
    """
    draw = np.random.default_rng(seed)
    made = []
    for i in tqdm(range(len(views)), desc="drawing", mininterval=5):
        for kind in KINDS[: 5 - i % 2]:
            view, hidden = stretched(views[i], draw.uniform(*STRETCH)), 0.0
            if kind is not None:
                ground = Ground(view.landmarks, VIEW)
                picture, hidden = covered(view.pictures, ground, views.pictures, draw, kind=kind, how=how)
                view = replace(view, pictures=picture)
            if not SEEN < hidden < HIDDEN:
                made.append((_crop(detector, view, of_box_height), float(hidden >= HIDDEN), kind is not None))
    images, labels, drawn = zip(*made, strict=True)
    return Crops(np.stack(images), np.array(labels, np.float32), np.array(drawn))


def stretched(view: Views, by: float) -> Views:
    """One view, its picture and all places in it, made `by` times as wide about its middle; what is missing is grey."""
    move = np.array([[by, 0, (1 - by) * VIEW / 2], [0, 1, 0]], np.float32)
    picture = cv2.warpAffine(view.pictures, move, (VIEW, VIEW), borderMode=cv2.BORDER_CONSTANT, borderValue=OUTSIDE)
    scale, shift = np.array([by, 1], np.float32), move[:, 2]
    box = (view.boxes.reshape(2, 2) * scale + shift).reshape(4)
    return Views(np.asarray(picture, np.uint8), box, view.landmarks * scale + shift, view.fold)


def _crop(detector: Detector, view: Views, of_box_height: float) -> Bytes:
    """What the desk would cut of one view, wider by as much as 48 is over 40, so that training can move it."""
    colour = np.repeat(view.pictures[:, :, None], 3, axis=2)
    (face,) = detector.look(colour, square(view.boxes[None]))
    again = face.score >= LOOK_AGAIN
    box = face.box if again else view.boxes.tolist()
    landmarks = face.landmarks if again else view.landmarks
    wide = of_box_height * FACE_SIDE / INPUT_SIDE
    return face_crop(view.pictures, box, landmarks, FACE_SIDE, of_box_height=wide)
