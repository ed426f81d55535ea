"""Accuracy by population where faces have labels, and where they have none: how many are found, and what is answered.

Intervals are of 95 % and take faces as independent; where a value holds many pictures of one person they are too
narrow.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.data import CLASSES, read_columns
from models.evaluation.evaluate import UNLABELLED, Answer, Choice, Scorer
from models.samples import Labelled
from models.scores import interval

DECADE = 10
NOT_SAID = "not said"


class Group(msgspec.Struct, frozen=True):
    """Labelled faces of one value: how many, the share that is right, and its interval from `low` to `high`."""

    n: int
    accuracy: float
    low: float
    high: float


class Shift(msgspec.Struct, frozen=True):
    """Pictures of one value without labels: the share with a face, and the mean of what the model answers.

    `low` to `high` is the interval of `found`; `margin` is half of the interval of each mean of `shares`; `unsure` is
    the share of the faces that are under the point's threshold.
    """

    pictures: int
    found: float
    low: float
    high: float
    shares: dict[str, float]
    margin: dict[str, float]
    unsure: float


class Unlabelled(msgspec.Struct, frozen=True):
    """What `evaluate` prints of a file without labels: all of it, and by each value of each column."""

    model: str
    sha256: str
    point: str
    data: str
    degrade: str
    all: Shift
    by: dict[str, dict[str, Shift]]


def values_of(pictures: Labelled, column: str) -> npt.NDArray[np.str_]:
    """What a column says of each picture (N,); numbers by tens. Raises DataError where there is no such column."""
    whole = read_columns(pictures.path, (column,))[column]
    return np.array([_value(whole[row]) for row in pictures.rows], np.str_)


def _value(value: Any) -> str:
    if value is None or value != value:  # NaN
        return NOT_SAID
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low = int(value // DECADE) * DECADE
        return f"{low}-{low + DECADE - 1}"
    return str(value)


def _sorted(values: npt.NDArray[np.str_]) -> list[str]:
    """Each value once: numbers by size, words by the alphabet, what is not said last."""

    def place(value: str) -> tuple[bool, float, str]:
        begin = value.split("-")[0]
        return value == NOT_SAID, float(begin) if begin.isdigit() else float("inf"), value

    return sorted(set(values.tolist()), key=place)


def by_column(answer: Answer, column: str) -> dict[str, Group]:
    """The accuracy of labelled faces by each value of a column. Raises DataError."""
    values = values_of(answer.faces, column)
    right = answer.fitted.argmax(axis=1) == answer.faces.labels
    groups = {}
    for value in _sorted(values):
        hits = right[values == value]
        groups[value] = Group(len(hits), float(hits.mean()), *interval(int(hits.sum()), len(hits)))
    return groups


def unlabelled(scorer: Scorer, data: Path, choice: Choice) -> Unlabelled:
    """What is found and answered in a file without labels, whole and by each value of `choice.by`. DataError."""
    choice = replace(choice, labels=UNLABELLED)
    pictures = scorer.pictures(data, UNLABELLED, choice.people_folds)
    answer = scorer.answer(data, choice)
    values = {column: values_of(pictures.labelled, column) for column in choice.by}
    everything = np.ones(len(pictures.labelled), bool)
    found = np.array([face is not None for face in pictures.faces], bool)
    return Unlabelled(
        model=f"{answer.model.card.name}-{answer.model.card.version}",
        sha256=answer.model.card.sha256,
        point=answer.model.point.name,
        data=f"{data.parent.name}/{data.name}",
        degrade=choice.degrade,
        all=_shift(answer, found, everything),
        by={
            column: {value: _shift(answer, found, of == value) for value in _sorted(of)}
            for column, of in values.items()
        },
    )


def _shift(answer: Answer, found: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_]) -> Shift:
    shares = answer.shares[chosen[found]]
    n, seen = int(chosen.sum()), len(shares)
    low, high = interval(seen, n)
    means = shares.mean(axis=0) if seen else np.zeros(len(CLASSES))
    margins = 1.96 * shares.std(axis=0) / np.sqrt(seen) if seen else np.zeros(len(CLASSES))
    unsure = float((shares.max(axis=1) < answer.model.point.unsure_below).mean()) if seen else 0.0
    return Shift(
        pictures=n,
        found=seen / n,
        low=low,
        high=high,
        shares={name: float(mean) for name, mean in zip(CLASSES, means, strict=True)},
        margin={name: float(margin) for name, margin in zip(CLASSES, margins, strict=True)},
        unsure=unsure,
    )
