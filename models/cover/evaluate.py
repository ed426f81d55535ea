"""Scores the cover network that ships on a file of faces: as they are, and with masks that it was not trained on."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tqdm import tqdm

from edge.align import face_crop
from edge.detect import Detector, Face
from models.cover.card import CARD, CoverScore, load
from models.cover.data import people_of
from models.cover.styles import STYLES, masked
from models.data import Bytes, decode, read_columns
from models.errors import DataError
from models.samples import main_face, padded
from models.sources.people import fold_of


class CoverModel:
    """The cover network of a bundle in ONNX Runtime on one thread, used as its card says."""

    def __init__(self, bundle: Path) -> None:
        """Raises CardError where the card or the weights are missing, broken, or do not fit each other."""
        self.card = load(bundle / CARD)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        weights = str(bundle / self.card.file)
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    def covered(self, picture: Bytes, face: Face) -> bool:
        """Whether the mouth of a face in a picture (H, W, 3) BGR is covered."""
        taken = self.card.input
        crop = face_crop(picture, face.box, face.landmarks, taken.size, of_box_height=taken.crop_of_box_height)
        batch = (crop[None, None].astype(np.float32) - np.float32(taken.mean)) * np.float32(taken.scale)
        (value,) = self._session.run(None, {taken.name: batch})[0][0]
        return bool(value > self.card.threshold)


@dataclass(frozen=True)
class Tally:
    """Counts over a file: faces found, those called covered as they are; of each style the missed and the not found."""

    faces: int
    alarms: int
    missed: Counter[str]
    not_found: Counter[str]


def evaluate(model: CoverModel, path: Path, count: int, fold: int | None = None) -> Tally:
    """Up to `count` faces of a file, evenly drawn from it, or from one fold of it. Raises DataError."""
    encoded = read_columns(path, ("image",))["image"]
    people = people_of(path, len(encoded))
    rows = np.array([row for row in range(len(encoded)) if fold is None or fold_of(people[row]) == fold])
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))]
    detector = Detector.from_bundle()
    faces, alarms, missed, not_found = 0, 0, Counter[str](), Counter[str]()
    for row in tqdm(rows, desc=path.name, mininterval=5):
        picture = padded(decode(encoded[row], True, f"{path}, row {row}")[:, :, ::-1])
        face = main_face(detector, picture)
        if face is None:
            continue
        faces += 1
        alarms += model.covered(picture, face)
        for style in STYLES:
            drawn = masked(picture, face.landmarks, style, seed=int(row))
            found = main_face(detector, drawn)
            not_found[style] += found is None
            missed[style] += found is not None and not model.covered(drawn, found)
    if not faces:
        raise DataError(f"{path}: the detector finds no face in it; give a file of faces")
    return Tally(faces, alarms, missed, not_found)


def score(name: str, command: str, tally: Tally, note: str) -> CoverScore:
    """The counts as shares, as the card keeps them. A style's missed are of those that the detector found."""
    missed = {style: round(tally.missed[style] / max(1, tally.faces - tally.not_found[style]), 4) for style in STYLES}
    not_found = tally.not_found.total() / (tally.faces * len(STYLES))
    return CoverScore(
        name, command, tally.faces, round(tally.alarms / tally.faces, 4), missed, round(not_found, 4), note
    )


def table(made: CoverScore) -> str:
    """A score in lines of text, in percent."""
    lines = [f"{made.data}: {made.n} faces, {made.false_alarms:.1%} of them called covered as they are"]
    lines += [f"  {style:12s} {share:6.1%} missed" for style, share in made.missed.items()]
    lines += [f"  of the masked ones {made.not_found:.1%} not found"]
    return "\n".join(lines)
