"""Scores every model on every data set at hand under one protocol, keeping what is done for the next run.

The rules; change them and PROTOCOL together:

Labels are each data set's own, as `models.samples` reads them, and are scored as `models.scores` says.

A bundle's model sees the crop of its card. A peer comes without such a rule, so it has two rows: with the default
model's crop, and with the best of CROPS, chosen on the very data set that is scored, which favours it. Every peer, and
every bundle's model at its first operating point, is scored at every one of CROPS too, unless its network is a HEAVY
one: on a processor that would take hours. No crop of a face picture is
wider than the picture.

A model and a peer at its best crop are compared face by face too (`models.compare.paired`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from models.compare.paired import Paired, difference
from models.compare.results import BEST_CROP, CARD_CROP, SAME_CROP, CropScore, DataFacts, Scored
from models.compare.workers import Worker
from models.data import Floats, Ints, read_columns
from models.datasets import DataSet
from models.found import digest, found_faces, keep, key_of, sha256_of
from models.registry import Entrant
from models.samples import Labelled, Samples, read_labelled
from models.scores import accuracy_by_coverage, fitted, reliability, score

PROTOCOL = 2
CROPS = (0.7, 0.793, 0.87, 0.941, 1.05, 1.2)  # in parts of the height of the detector's box
HEAVY = 100_000_000  # multiply-adds a face
Said = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """A model's probabilities (N, 8) in the contract's order, fitted to what a data set offers, and the labels (N,)."""

    shares: Floats
    labels: Ints
    not_found: int

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which faces (N,) the model names as their label does."""
        return np.asarray(self.shares.argmax(axis=1) == self.labels)


@dataclass(frozen=True)
class Compared:
    """What a comparison finds of one model on one data set: its rows, its crops, and what it said at the last row's."""

    entrant: Entrant
    rows: list[Scored]
    tried: list[CropScore]
    last: Answer


class Pictures:
    """A data set's labelled pictures with their faces; what the detector found is kept in `cache`."""

    def __init__(self, data: DataSet, path: Path, cache: Path, say: Said) -> None:
        """Reads the file and finds the faces, or takes up those of an earlier run. Raises DataError."""
        self.data = data
        self._path = path
        self._say = say
        self._labelled = read_labelled(path, data.labels)
        self.sha256 = sha256_of(path)
        self.key = key_of(self._labelled, self.sha256)
        self._faces = found_faces(self._labelled, cache / f"{self.key}.npy", self._begun)
        self._cut: tuple[float, int, Samples] | None = None

    def cut(self, crop: float, size: int) -> Samples:
        """Crops of the faces; the last ones asked for are at hand."""
        if self._cut is None or self._cut[:2] != (crop, size):
            self._cut = (crop, size, self._labelled.cut(self._faces, crop, size))
        return self._cut[2]

    @property
    def faces(self) -> int:
        return len(self._labelled.labels) - self.not_found

    @property
    def not_found(self) -> int:
        return sum(face is None for face in self._faces)

    @property
    def offered(self) -> tuple[str, ...]:
        """The expressions that those who labelled the data set could choose."""
        return self._labelled.offered

    @property
    def labels(self) -> Ints:
        """Labels (N,) of the faces that are scored."""
        return self._scored.labels

    @property
    def people(self) -> NDArray[np.str_] | None:
        """Whose face each of the scored ones is (N,), a name of its own where it is unknown; None where all are."""
        if not self.data.person:
            return None
        named = read_columns(self._path, (self.data.person,))[self.data.person]
        return np.array([str(named[row] or f"row {row}") for row in self._scored.rows])

    @property
    def _scored(self) -> Labelled:
        return self._labelled[np.array([face is not None for face in self._faces])]

    def facts(self) -> DataFacts:
        """What the results say of the data set."""
        counts = np.bincount(self.labels, minlength=len(EXPRESSIONS)).tolist()
        return DataFacts(
            name=self.data.name,
            file=str(self.data.file),
            sha256=self.sha256,
            faces=self.faces,
            not_found=self.not_found,
            labelled={name: count for name, count in zip(EXPRESSIONS, counts, strict=True) if count},
            offered=self.offered,
            note=self.data.note,
        )

    def _begun(self, place: int) -> None:
        if place % 20 == 0:
            self._say(f"{self.data.name}: finding faces, {place} of {len(self._labelled)}")


def answer(worker: Worker, pictures: Pictures, crop: float, cache: Path) -> Answer:
    """What a model says of a data set at one crop; from `cache` where it said so before. Raises CompareError."""
    entrant = worker.entrant
    key = digest(PROTOCOL, worker.about["key"], worker.about["runtime"], pictures.key, entrant.size, crop)
    kept = cache / f"{key}.npy"
    if kept.exists():
        shares = np.load(kept)
    else:
        shares = worker.shares(pictures.cut(crop, entrant.size).crops)
        keep(kept, shares)
    return Answer(fitted(shares, entrant.classes, pictures.offered), pictures.labels, pictures.not_found)


def scored(entrant: Entrant, data: DataSet, found: Answer, role: str, crop: float) -> Scored:
    """An answer's scores, rounded to the hundredth of a percent."""
    scores = score(found.shares, found.labels, EXPRESSIONS)
    bins = reliability(found.shares, found.labels)
    return Scored(
        model=entrant.id,
        data=data.name,
        role=role,
        crop=crop,
        seen=any(name.startswith(data.collections) for name in entrant.trained_on),
        n=scores.n,
        accuracy=round(scores.accuracy, 4),
        standard_error=round(scores.standard_error, 4),
        macro_f1=round(scores.macro_f1, 4),
        calibration_error=round(scores.calibration_error, 4),
        recall={name: round(value, 4) for name, value in scores.recall.items()},
        coverage={part: round(x, 4) for part, x in accuracy_by_coverage(found.shares, found.labels).items()},
        bins=[type(each)(each.count, round(each.confidence, 4), round(each.accuracy, 4)) for each in bins],
        confusion=scores.confusion,
    )


def crops_of(entrant: Entrant, reference: float) -> list[float]:
    """Every crop at which an entrant is scored: those of CROPS, its own, and for a peer the reference.

    Another operating point of the same weights is scored at its own alone: crops matter to it as to the first. So is a
    HEAVY network.
    """
    own = reference if entrant.crop is None else entrant.crop
    return sorted({*CROPS, own}) if entrant.is_first and entrant.multiply_adds < HEAVY else [own]


def compare_on(
    pictures: Pictures, workers: list[Worker], reference: float, cache: Path, done: Callable[[Worker, float], None]
) -> Iterator[Compared]:
    """What is found of each model on one data set; `done` is told each crop that is finished."""
    for worker in workers:
        entrant, answers = worker.entrant, {}
        for crop in crops_of(entrant, reference):
            answers[crop] = answer(worker, pictures, crop, cache)
            done(worker, crop)
        at = {crop: scored(entrant, pictures.data, found, CARD_CROP, crop) for crop, found in answers.items()}
        tried = [CropScore(entrant.id, row.data, crop, row.accuracy, row.macro_f1) for crop, row in at.items()]
        if entrant.crop is not None:
            yield Compared(entrant, [at[entrant.crop]], tried, answers[entrant.crop])
            continue
        best = max(at, key=lambda crop: (at[crop].accuracy, at[crop].macro_f1, -crop))
        roles = ((SAME_CROP, reference), (BEST_CROP, best))
        rows = [scored(entrant, pictures.data, answers[crop], role, crop) for role, crop in roles]
        yield Compared(entrant, rows, tried, answers[best])


def paired(pictures: Pictures, found: list[Compared]) -> list[Paired]:
    """Each of our models against each peer at its best crop, on the same faces."""
    people = pictures.people
    count = 0 if people is None else len(np.unique(people))
    lines = []
    for peer in (each for each in found if each.entrant.is_peer):
        for ours in (each for each in found if not each.entrant.is_peer):
            numbers = [round(x, 4) for x in difference(ours.last.right, peer.last.right, people)]
            names = ours.entrant.id, peer.entrant.id, pictures.data.name
            lines.append(Paired(*names, len(ours.last.labels), count, *numbers))
    return lines
