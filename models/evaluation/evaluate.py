"""Scores the ONNX file that ships, through ONNX Runtime and its card, on any file of labelled faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tqdm import tqdm

from edge.detect import Detector, Face
from models.card import load
from models.data import CLASSES, Bytes, Floats, Ints, copies_of, read_columns, read_faces
from models.datasets import FER_2013, FER_PLUS
from models.errors import DataError
from models.evaluation.degrade import SPOILS
from models.found import found_faces, key_of, sha256_of
from models.model import CARD, Model
from models.samples import Labelled, column_names, read_labelled, read_unlabelled
from models.scores import accuracy_by_coverage, fitted, score
from models.sources.people import fold_of

UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Choice:
    """Which faces are scored and how; what is left empty is as the file and the card say.

    `labels` is a kind of label, `point` an operating point, `rows` all, even or odd (of the labelled faces that were
    found, in file order), `crop` the share of the box's height, `degrade` one of SPOILS. `people_folds` keeps the
    people of these folds alone, or where the file names no person its rows.
    """

    labels: str = ""
    point: str = ""
    rows: str = "all"
    flip: bool | None = None
    crop: float | None = None
    without_copies_of: Path | None = None
    degrade: str = ""
    people_folds: tuple[int, ...] = ()
    by: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """What `evaluate` prints of labelled faces. Shares lie between 0 and 1.

    `ece` is the expected calibration error over 15 bins; `accuracy_at_coverage` is over the surest 100, 95, 90 and 80 %
    of the faces; `unsure` the share under the point's `unsure_below`, and `accuracy_of_sure` that of the others (null
    where there are none). `confusion[i][j]` counts label i taken for j, in the order of `classes`.
    """

    model: str
    sha256: str
    point: str
    data: str
    labels: str
    rows: str
    degrade: str
    people_folds: tuple[int, ...]
    flip: bool
    n: int
    not_found: int
    copies_left_out: int
    accuracy: float
    standard_error: float
    macro_f1: float
    ece: float
    recall: dict[str, float]
    labelled: dict[str, int]
    accuracy_at_coverage: dict[str, float]
    unsure_below: float
    unsure: float
    accuracy_of_sure: float | None
    classes: tuple[str, ...]
    confusion: list[list[int]]


@dataclass(frozen=True)
class Pictures:
    """Pictures of a file with their faces, None where none was found."""

    labelled: Labelled
    faces: list[Face | None]

    @property
    def found(self) -> Labelled:
        """Those with a face."""
        return self.labelled[np.array([face is not None for face in self.faces], bool)]


@dataclass(frozen=True)
class Answer:
    """A model's probabilities (N, 8) for the N faces that are scored."""

    model: Model
    faces: Labelled
    shares: Floats
    flip: bool
    not_found: int
    copies_left_out: int = 0

    @property
    def fitted(self) -> Floats:
        """The probabilities over what the labellers could choose."""
        return fitted(self.shares, CLASSES, self.faces.offered)


class Scorer:
    """A bundle's network on files of faces; each file is searched for faces once, and each crop answered once."""

    def __init__(self, bundle: Path, cache: Path | None = None) -> None:
        """`cache` is a folder in which faces that were found are kept for the next run.

        Raises CardError where the card or the weights are missing, broken, or do not fit each other.
        """
        self.card = load(bundle / CARD)
        self._cache = cache
        self._bundle = bundle
        self._models: dict[str, Model] = {}
        self._pictures: dict[tuple[Any, ...], Pictures] = {}
        self._crops: dict[tuple[Any, ...], Bytes] = {}
        self._shares: dict[tuple[Any, ...], Floats] = {}

    def model(self, point: str) -> Model:
        """The network at an operating point, the card's first for "". Raises CardError."""
        name = self.card.point(point).name
        if name not in self._models:
            self._models[name] = Model(self._bundle, name)
        return self._models[name]

    def pictures(self, data: Path, labels: str = "", people_folds: Sequence[int] = ()) -> Pictures:
        """A file's labelled pictures (all of them for UNLABELLED) with their faces. Raises DataError."""
        key = (data, labels, tuple(people_folds))
        if key not in self._pictures:
            labelled = read_unlabelled(data) if labels == UNLABELLED else read_labelled(data, labels)
            if people_folds:
                labelled = labelled[np.isin(_folds(labelled), people_folds)]
            self._pictures[key] = Pictures(labelled, self._found(labelled))
        return self._pictures[key]

    def _found(self, labelled: Labelled) -> list[Face | None]:
        path = labelled.path
        with tqdm(total=len(labelled), desc=f"{path.name}: finding faces", mininterval=2, leave=False) as bar:

            def begun(place: int) -> None:
                bar.update()

            if self._cache is None:
                return labelled.find_faces(Detector.from_bundle(), begun)
            return found_faces(labelled, self._cache / f"{key_of(labelled, sha256_of(path))}.npy", begun)

    def answer(self, data: Path, choice: Choice) -> Answer:
        """What the model says of the faces that are chosen. Raises DataError and CardError."""
        pictures = self.pictures(data, choice.labels, choice.people_folds)
        faces = pictures.found
        model = self.model(choice.point or self.card.point_for(faces.kind).name)
        flip = model.card.flip_average if choice.flip is None else choice.flip
        if not len(faces):
            raise DataError(f"{data}: no face was found in its {len(pictures.faces)} pictures; give a file of faces")
        shares = self._shares_of(data, model, flip, choice)
        kept = np.ones(len(faces), bool)
        if choice.without_copies_of is not None:
            kept = ~_copied(faces, choice.without_copies_of, data)
        places = np.flatnonzero(kept)
        if choice.rows != "all":
            places = places[int(choice.rows == "odd") :: 2]
        if not len(places):
            raise DataError(f"{data}: no face is left to score; choose --rows all")
        lost = len(pictures.faces) - len(faces)
        return Answer(model, faces[places], shares[places], flip, lost, int((~kept).sum()))

    def _shares_of(self, data: Path, model: Model, flip: bool, choice: Choice) -> Floats:
        taken = model.card.input
        crop = choice.crop or taken.crop_of_box_height
        cut_by = (data, choice.labels, choice.people_folds, crop, choice.degrade)
        answered_by = (*cut_by, model.point.name, flip)
        if cut_by not in self._crops:
            pictures = self.pictures(data, choice.labels, choice.people_folds)
            spoil = SPOILS[choice.degrade] if choice.degrade else None
            self._crops[cut_by] = pictures.labelled.cut(pictures.faces, crop, taken.size, spoil).crops
        if answered_by not in self._shares:
            self._shares[answered_by] = model.shares(self._crops[cut_by], flip)
        return self._shares[answered_by]


def _folds(labelled: Labelled) -> Ints:
    """The fold (N,) of each picture's person, or where nobody is named of its row."""
    people: dict[int, str] = {}
    if "person" in column_names(labelled.path):
        named = read_columns(labelled.path, ("person",))["person"]
        people = {row: str(name) for row, name in enumerate(named) if name}
    return np.array([fold_of(people.get(row) or f"row {row}") for row in labelled.rows.tolist()], np.int64)


def _copied(faces: Labelled, of: Path, data: Path) -> Any:
    if faces.kind not in (FER_PLUS, FER_2013):
        raise DataError(f"{data}: copies can be left out of FER-2013's splits only; leave --without-copies-of away")
    return copies_of(read_faces(data).images[faces.rows], read_faces(of).images)


def report(answer: Answer, data: Path, choice: Choice) -> Report:
    """The scores of an answer."""
    labels, shares, point = answer.faces.labels, answer.fitted, answer.model.point
    scores = score(shares, labels, CLASSES)
    sure = answer.shares.max(axis=1) >= point.unsure_below
    right = shares.argmax(axis=1) == labels
    card = answer.model.card
    return Report(
        model=f"{card.name}-{card.version}",
        sha256=card.sha256,
        point=point.name,
        data=str(data),
        labels=answer.faces.kind,
        rows=choice.rows,
        degrade=choice.degrade,
        people_folds=choice.people_folds,
        flip=answer.flip,
        n=scores.n,
        not_found=answer.not_found,
        copies_left_out=answer.copies_left_out,
        accuracy=scores.accuracy,
        standard_error=scores.standard_error,
        macro_f1=scores.macro_f1,
        ece=scores.calibration_error,
        recall=scores.recall,
        labelled=scores.labelled,
        accuracy_at_coverage=accuracy_by_coverage(shares, labels),
        unsure_below=point.unsure_below,
        unsure=float(1 - sure.mean()),
        accuracy_of_sure=float(right[sure].mean()) if sure.any() else None,
        classes=CLASSES,
        confusion=scores.confusion,
    )


def evaluate(bundle: Path, data: Path, choice: Choice | None = None) -> Report:
    """Scores a bundle's network on one file. Raises DataError and CardError."""
    choice = choice or Choice()
    return report(Scorer(bundle).answer(data, choice), data, choice)


def table(made: Report) -> str:
    """The report for people: a line of scores, recall by class, and the confusion matrix (rows are labels)."""
    names = [name[:9] for name in CLASSES]
    head = f"{made.labels}: {made.n} faces of {made.data} ({made.rows} rows), {made.model} at {made.point}"
    head += f", {made.degrade}" if made.degrade else ""
    if made.not_found or made.copies_left_out:
        head += f"; without a face found {made.not_found}, left out as copies {made.copies_left_out}"
    covered = ", ".join(f"{percent} %: {value:.2%}" for percent, value in made.accuracy_at_coverage.items())
    lines = [
        head,
        f"accuracy {made.accuracy:.2%} ± {made.standard_error * 100:.2f}   macro-F1 {made.macro_f1:.2%}   "
        f"calibration error {made.ece:.2%}   mirror average {'on' if made.flip else 'off'}",
        f"accuracy of the surest {covered}",
    ]
    if made.accuracy_of_sure is not None and made.unsure_below:
        lines.append(f"unsure {made.unsure:.2%}; accuracy of the others {made.accuracy_of_sure:.2%}")
    lines += ["", f"{'label':<10}{'faces':>7}{'recall':>9}   " + "".join(f"{name:>10}" for name in names)]
    for i, name in enumerate(CLASSES):
        if name in made.recall:
            counts = "".join(f"{count:>10}" for count in made.confusion[i])
            lines.append(f"{name:<10}{made.labelled[name]:>7}{made.recall[name]:>9.1%}   {counts}")
    return "\n".join(lines)
