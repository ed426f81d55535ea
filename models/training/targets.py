"""What a network is to answer for each picture: the labels of both heads, mixed with a teacher's answers."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.data import NOT_A_CLASS, Bytes, Floats
from models.heads import FER2013, FERPLUS, HEADS, LOGITS
from models.prepared import Prepared
from models.training.views import View


@dataclass(frozen=True)
class TrainingSet:
    """Pictures (N, 48, 48) uint8 and targets (N, LOGITS) float32: a distribution for each head, or zeros for none.

    `prior` (LOGITS,) is how frequent each head's classes are among the pictures that people labelled.
    """

    images: Bytes
    targets: Floats
    prior: Floats

    def __len__(self) -> int:
        return len(self.images)

    def sha256(self) -> str:
        """A hexadecimal hash of pictures and targets."""
        found = hashlib.sha256(self.images.tobytes())
        found.update(self.targets.tobytes())
        return found.hexdigest()


def taken(prepared: Prepared, count: int, seed: int) -> Prepared:
    """`count` pictures of a set, drawn by the seed, each as often as the others within one; all where it is 0."""
    if not count:
        return prepared
    order = np.random.default_rng(seed).permutation(len(prepared))
    return prepared[np.resize(order, count)]


def training_set(
    prepared: Prepared, smoothing: float, taught: float = 0.0, teacher: Floats | None = None
) -> TrainingSet:
    """The pictures of a prepared set for which something is to be learned.

    FER+ votes are the target of one head; the single label, `smoothing` of it shared out over all classes (Szegedy et
    al. 2016), of the other. `teacher` (N, LOGITS) holds a teacher's probabilities for both heads: `taught` of each
    target, and all of it where there is none (Hinton, Vinyals & Dean 2015, at temperature 1).
    """
    targets: Floats = np.zeros((len(prepared), LOGITS), np.float32)
    targets[:, FERPLUS.columns] = prepared.votes
    targets[:, FER2013.columns] = _smoothed(prepared, smoothing)
    prior = np.concatenate([_mean(targets[:, head.columns]) for head in HEADS])
    if teacher is not None:
        for head in HEADS:
            own = targets[:, head.columns]
            share = np.where(own.any(axis=1, keepdims=True), taught, 1.0)
            targets[:, head.columns] = (1 - share) * own + share * teacher[:, head.columns]
    kept = targets.any(axis=1)
    return TrainingSet(prepared.images[kept], targets[kept], prior)


def of_views(
    prepared: Prepared,
    views: Iterable[View],
    smoothing: float,
    taught: float,
    teacher: Callable[[Bytes], Floats],
) -> TrainingSet:
    """All views of a prepared set's pictures as one training set, each answered to by a teacher.

    A picture's own label is the target's other part where it is by itself; of a mixture all of it is the teacher's.
    """
    parts = [
        training_set(
            replace(prepared, images=view.images), smoothing, 1.0 if view.mixed else taught, teacher(view.images)
        )
        for view in views
    ]
    images, targets = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "targets"))
    return TrainingSet(images, targets, parts[0].prior)


def asked(prepared: Prepared, taught: float) -> NDArray[np.intp]:
    """Rows for which a teacher's answer is used: those that lack a label of a head, and all if `taught` is not 0."""
    if taught:
        return np.arange(len(prepared))
    labelled = (prepared.labels != NOT_A_CLASS) & (prepared.labels < len(FER2013.classes))
    return np.flatnonzero(~(labelled & prepared.votes.any(axis=1)))


def _mean(targets: Floats) -> Floats:
    """The mean (classes,) of the targets that there are; all alike where there are none."""
    there = targets.any(axis=1)
    count = targets.shape[1]
    return np.asarray(targets[there].mean(axis=0) if there.any() else np.full(count, 1 / count), np.float32)


def _smoothed(prepared: Prepared, smoothing: float) -> Floats:
    count = len(FER2013.classes)
    result: Floats = np.zeros((len(prepared), count), np.float32)
    rows = np.flatnonzero((prepared.labels != NOT_A_CLASS) & (prepared.labels < count))
    result[rows] = smoothing / count
    result[rows, prepared.labels[rows]] += 1 - smoothing
    return result
