"""What a set of predictions is worth: accuracy, macro-F1, recall, confusion, calibration, accuracy at coverage.

Labels are each data set's own. An expression that its labellers could not choose is dropped from a model's answer and
the rest made to sum to 1 (`fitted`). One that they could choose and a model does not know has no share: the model is
wrong on every such face, and that counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from contract.expressions import EXPRESSIONS

if TYPE_CHECKING:
    from models.data import Floats, Ints

BINS = 15
COVERAGES = (100, 95, 90, 80)  # percent of the faces, the surest ones


class Scores(msgspec.Struct, frozen=True):
    """Scores over `n` faces. Shares lie between 0 and 1; `confusion[i][j]` counts label i predicted as j."""

    n: int
    accuracy: float
    standard_error: float
    macro_f1: float
    calibration_error: float
    recall: dict[str, float]
    labelled: dict[str, int]
    confusion: list[list[int]]


def score(shares: Floats, labels: Ints, classes: tuple[str, ...]) -> Scores:
    """Scores of `shares` (N, classes), which sum to 1, against `labels` (N,).

    Recall and macro-F1 are over the classes that the labels hold; a prediction of any other class is a miss.
    """
    count = len(classes)
    predicted = shares.argmax(axis=1)
    confusion = np.bincount(labels * count + predicted, minlength=count * count).reshape(count, count)
    hits, labelled, guessed = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    present = np.flatnonzero(labelled)
    f1 = 2 * hits[present] / (labelled[present] + guessed[present])
    accuracy = float(hits.sum() / len(labels))
    return Scores(
        n=len(labels),
        accuracy=accuracy,
        standard_error=float(np.sqrt(accuracy * (1 - accuracy) / len(labels))),
        macro_f1=float(f1.mean()),
        calibration_error=calibration_error(shares, labels),
        recall={classes[i]: float(hits[i] / labelled[i]) for i in present},
        labelled={classes[i]: int(labelled[i]) for i in present},
        confusion=confusion.tolist(),
    )


def fitted(shares: Floats, classes: tuple[str, ...], offered: tuple[str, ...]) -> Floats:
    """Probabilities (N, classes) as (N, 8) in the contract's order, over what the labellers could choose."""
    whole: Floats = np.zeros((len(shares), len(EXPRESSIONS)), np.float32)
    for column, name in enumerate(classes):
        if name in offered:
            whole[:, EXPRESSIONS.index(name)] = shares[:, column]
    whole /= np.maximum(whole.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return whole


class Bin(msgspec.Struct, frozen=True):
    """Faces whose top share lies in one of 15 equal bins: how many, their mean top share, the part that is right."""

    count: int
    confidence: float
    accuracy: float


def reliability(shares: Floats, labels: Ints) -> list[Bin]:
    """The 15 bins of confidence of the top class, the lowest first; an empty one is all zeros."""
    confidence = shares.max(axis=1)
    right = shares.argmax(axis=1) == labels
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts, sure, hits = (np.bincount(places, weights=w, minlength=BINS) for w in (None, confidence, right))
    full = np.maximum(counts, 1)
    return [Bin(int(n), float(c), float(a)) for n, c, a in zip(counts, sure / full, hits / full, strict=True)]


def calibration_error(shares: Floats, labels: Ints) -> float:
    """Expected calibration error of the top class over 15 equal bins of confidence (Guo et al. 2017), 0 to 1."""
    gaps = [each.count * abs(each.confidence - each.accuracy) for each in reliability(shares, labels)]
    return float(sum(gaps) / len(labels))


def accuracy_at(shares: Floats, labels: Ints, coverage: float) -> float:
    """Accuracy over the `coverage` (0 to 1) of the faces with the largest top shares; of equal ones, the first rows."""
    kept = np.argsort(-shares.max(axis=1), kind="stable")[: max(1, round(coverage * len(labels)))]
    return float((shares[kept].argmax(axis=1) == labels[kept]).mean())


def accuracy_by_coverage(shares: Floats, labels: Ints) -> dict[str, float]:
    """`accuracy_at` each of COVERAGES, by its percent."""
    return {str(percent): accuracy_at(shares, labels, percent / 100) for percent in COVERAGES}


def interval(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `hits` among `n` > 0 by Wilson's score (1927), 0 to 1."""
    z, share = 1.96, hits / n
    middle, reach = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)
    return max(0.0, float(low)), min(1.0, float(high))


def softmax(logits: Floats, temperature: float) -> Floats:
    """Probabilities over the last axis of logits divided by `temperature`."""
    scaled = (logits - logits.max(axis=-1, keepdims=True)) / temperature
    power = np.exp(scaled)
    return np.asarray(power / power.sum(axis=-1, keepdims=True), np.float32)


def fitted_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature in 0.30 ... 3.00, by hundredths, at which `labels` (N,) are likeliest.

    `logits` is (views, N, classes); the views' probabilities are averaged, as on the desk.
    """
    rows = np.arange(len(labels))
    candidates = np.arange(30, 301) / 100

    def loss(temperature: float) -> float:
        shares = softmax(logits, temperature).mean(axis=0)
        return float(-np.log(np.maximum(shares[rows, labels], 1e-12)).mean())

    return float(min(candidates, key=loss))
