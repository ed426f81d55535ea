"""Scores on people that a network was not trained on, by training as often as there are folds of people."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch

from models.data import NOT_A_CLASS, Faces, Floats, Ints
from models.errors import DataError
from models.heads import FER2013
from models.networks.preprocess import normalise
from models.prepared import Prepared, joined
from models.scores import Scores, score, softmax
from models.training.augment import Field, framed
from models.training.checkpoint import CHECKPOINT, averaged_network, load
from models.training.loop import train
from models.training.machine import Machine
from models.training.recipe import Recipe
from models.training.report import logits_of
from models.training.targets import taken, training_set

RESULT = "folds.json"


class FoldScores(msgspec.Struct, frozen=True):
    """Scores over all folds together, of the head that learns single labels, and the accuracy by person."""

    folds: int
    people: int
    scores: Scores
    by_person: dict[str, tuple[int, float]]


def dealt(people: list[str], folds: int) -> Ints:
    """The fold (N,) of each picture, its person's; people are dealt so that the folds hold about as many pictures."""
    counts = Counter(people)
    if len(counts) < folds:
        raise DataError(f"{folds} folds of {len(counts)} people: there must be a person for each; give fewer --folds")
    filled = [0] * folds
    where = {}
    for person, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        where[person] = fold = filled.index(min(filled))
        filled[fold] += count
    return np.array([where[person] for person in people], np.int64)


def crossvalidated(
    others: list[Prepared],
    people: Prepared,
    folds: int,
    valid: Faces,
    folder: Path,
    recipe: Recipe,
    machine: Machine,
    start: Sequence[Path],
) -> FoldScores:
    """Trains on `others` and all but one fold of `people`, scores on that fold, for each fold; writes folds.json.

    A fold that is done is not done again: an interrupted run goes on. Raises DataError where nobody is named.
    """
    if not people.people.all():
        raise DataError("folds need a set in which everybody is named; name such a set by the last --data")
    fold_of = dealt(people.people.tolist(), folds)
    shares: Floats = np.zeros((len(people), len(FER2013.classes)), np.float32)
    for fold in range(folds):
        parts = [taken(each, recipe.each, recipe.seed) for each in (*others, people[fold_of != fold])]
        pictures = training_set(joined(parts), recipe.smoothing)
        run = folder / f"fold-{fold}"
        there = (run / CHECKPOINT).exists()
        if not there or load(run / CHECKPOINT)["epoch"] < recipe.epochs:
            train(pictures, valid, run, recipe, machine, resume=there, start=start)
        shares[fold_of == fold] = _answers(run, recipe, people[fold_of == fold])
    found = _scored(shares, people, folds)
    (folder / RESULT).write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    return found


def _answers(run: Path, recipe: Recipe, people: Prepared) -> Floats:
    network = averaged_network(run / CHECKPOINT)
    x = framed(normalise(torch.from_numpy(people.images)[:, None]), Field(recipe.last_side, recipe.of_picture))
    views = np.stack([logits_of(network, view)[:, FER2013.columns] for view in (x, x.flip(3))])
    shares: Floats = softmax(views, 1.0).mean(axis=0)
    return shares


def _scored(shares: Floats, people: Prepared, folds: int) -> FoldScores:
    known = (people.labels != NOT_A_CLASS) & (people.labels < len(FER2013.classes))
    right = shares.argmax(axis=1) == people.labels
    names = np.unique(people.people[known])
    by_person = {str(name): known & (people.people == name) for name in names}
    return FoldScores(
        folds,
        len(names),
        score(shares[known], people.labels[known], FER2013.classes),
        {name: (int(rows.sum()), round(float(right[rows].mean()), 4)) for name, rows in by_person.items()},
    )


def table(found: FoldScores) -> str:
    """The scores for people: a line of all, then one a person."""
    scores = found.scores
    lines = [
        f"{found.folds} folds of {found.people} people, {scores.n} faces: accuracy {scores.accuracy:.1%} "
        f"± {100 * scores.standard_error:.1f}, macro-F1 {scores.macro_f1:.1%}",
        f"recall {json.dumps({name: round(value, 3) for name, value in scores.recall.items()})}",
    ]
    return "\n".join(lines + [f"  {name}: {share:.1%} of {count}" for name, (count, share) in found.by_person.items()])
