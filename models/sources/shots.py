"""From labelled pictures of a data set, files or bytes, to a prepared set: each face found and cut as on the desk.

A picture of 48x48 is a face picture already and is taken as it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from contract.expressions import EXPRESSIONS
from edge.align import face_crop
from edge.detect import Detector
from models.data import FACE_SIDE, Bytes, decode
from models.errors import DataError
from models.prepared import Prepared, Source
from models.samples import PICTURE_OF_BOX_HEIGHT, main_face, padded

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm"))
NO_FACE = "no face found"
UNREADABLE = "not a readable picture"


@dataclass(frozen=True)
class Shot:
    """One labelled picture before its face is cut: a file or encoded bytes, what it shows, and of whom ("" unknown)."""

    picture: Path | bytes
    label: int
    person: str = ""


@dataclass(frozen=True)
class Origin:
    """What the manifest is to say of a data set: where it lies, and whose it is ("" unknown).

    `clips` is True where clips stand for people whom nobody names.
    """

    name: str
    place: Path
    owner: str
    licence: str
    clips: bool = False

    def __str__(self) -> str:
        place = self.place.resolve().name  # without the folders above, which are nobody else's business
        return f"{place}: {self.owner}" if self.owner else place


def is_picture(path: Path) -> bool:
    """Is it a picture by its name? Hidden files, such as those that a Mac leaves beside each picture, are none."""
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def prepared_set(origin: Origin, shots: Sequence[Shot], left_out: Counter[str]) -> Prepared:
    """The faces of `shots` as a prepared set, people as `name/person`.

    `left_out` is what the reader of the data set left out, and why; what is left out here is added to it. DataError
    where nothing is left.
    """
    cutter = _Cutter()
    crops, kept = [], []
    for shot in tqdm(shots, desc=f"cutting {origin.name}", mininterval=2, disable=not shots):
        crop = cutter.face(shot)
        if isinstance(crop, str):
            left_out[crop] += 1
        else:
            crops.append(crop)
            kept.append(shot)
    if not kept:
        why = "; ".join(f"{reason}: {count}" for reason, count in left_out.items()) or "no picture is there"
        raise DataError(f"{origin.place}: no picture of {origin.name} can be used ({why}); look at its layout")
    people = np.array([f"{origin.name}/{shot.person}" if shot.person else "" for shot in kept], np.str_)
    named = 0 if origin.clips else len(set(people.tolist()) - {""})
    source = Source(origin.name, str(origin), origin.licence, len(kept), named, dict(+left_out))
    return Prepared(
        np.stack(crops),
        np.zeros((len(kept), len(EXPRESSIONS)), np.float32),
        np.array([shot.label for shot in kept], np.int64),
        people,
        np.full(len(kept), origin.name),
        (source,),
    )


class _Cutter:
    """Cuts faces. The detector is loaded when the first picture needs it: sets of face pictures do without."""

    _detector: Detector | None = None

    def face(self, shot: Shot) -> Bytes | str:
        """The crop (48, 48), or why there is none."""
        try:
            encoded = shot.picture if isinstance(shot.picture, bytes) else shot.picture.read_bytes()
            picture = decode(encoded, True, "")
        except (DataError, OSError):
            return UNREADABLE
        if picture.shape[:2] == (FACE_SIDE, FACE_SIDE):
            return decode(encoded, False, "")
        if self._detector is None:
            self._detector = Detector.from_bundle()
        framed = padded(picture[:, :, ::-1])
        face = main_face(self._detector, framed)
        if face is None:
            # Not over the middle: a face that is the only one can still be no other.
            faces = self._detector.detect(framed)
            if len(faces) != 1:
                return NO_FACE
            (face,) = faces
        return face_crop(framed, face.box, face.landmarks, FACE_SIDE, of_box_height=PICTURE_OF_BOX_HEIGHT)
