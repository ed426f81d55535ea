"""FER-2013 with the FER+ votes: Goodfellow et al. 2013, Barsoum et al. 2016."""

from pathlib import Path

import numpy as np

from models.data import CLASSES, NOT_A_CLASS, Bytes, Faces, Floats, Ints, copies_of, read_faces, soft_labels
from models.errors import DataError
from models.prepared import Prepared, Source
from models.sources.distinct import groups_of_copies

NAME = "FER-2013 with FER+ votes"
LICENCE = "FER-2013: Kaggle competition data (DbCL); FER+ votes: MIT"


def fer(path: Path, without_copies_of: Path) -> Prepared:
    """A split with both label sets; near copies of a picture of the file `without_copies_of` are left out.

    Scores are to be made there. Raises DataError.
    """
    return merged_set(NAME, path, read_faces(path), read_faces(without_copies_of).images)


def merged_set(name: str, path: Path, faces: Faces, scored: Bytes) -> Prepared:
    """Faces without near copies of `scored` (M, 48, 48); of several copies one stays, with the mean of their votes.

    Of their labels the one stays that most of them have. `path` is named as the origin. DataError where none is left.
    """
    votes, usable = soft_labels(faces.votes)
    votes = np.where(usable[:, None], votes, 0).astype(np.float32)
    labels = faces.labels
    copied = copies_of(faces.images, scored) if len(scored) else np.zeros(len(faces), bool)
    unlabelled = ~usable & (labels == NOT_A_CLASS)
    kept = np.flatnonzero(~copied & ~unlabelled)
    if not len(kept):
        raise DataError(f"{path}: no labelled face is left that is not scored too; give another file or part of it")
    groups = groups_of_copies(faces.images[kept])
    rows = kept[np.unique(groups, return_index=True)[1]]
    votes, labels = _merged(votes[kept], labels[kept], groups)
    left_out = {
        "near copy of a picture that is scored": int(copied.sum()),
        "neither votes nor a label": int((unlabelled & ~copied).sum()),
        "near copy of another picture of the set": len(kept) - len(rows),
    }
    origin = f"{path.name}: Goodfellow et al. 2013; votes by Barsoum et al. 2016"
    source = Source(name, origin, LICENCE, len(rows), left_out=left_out)
    nobody = np.full(len(rows), "", np.str_)
    return Prepared(faces.images[rows], votes, labels, nobody, np.full(len(rows), name), (source,))


def _merged(votes: Floats, labels: Ints, groups: Ints) -> tuple[Floats, Ints]:
    """Votes and labels of each group: the mean of what its members have, and the label that most of them have."""
    count = int(groups.max()) + 1
    voted = votes.any(axis=1)
    total = np.zeros((count, votes.shape[1]), np.float32)
    np.add.at(total, groups[voted], votes[voted])
    tally = np.zeros((count, len(CLASSES)), np.int64)
    named = labels != NOT_A_CLASS
    np.add.at(tally, (groups[named], labels[named]), 1)
    merged = np.where(tally.any(axis=1), tally.argmax(axis=1), NOT_A_CLASS).astype(np.int64)
    return (total / np.maximum(total.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32), merged
