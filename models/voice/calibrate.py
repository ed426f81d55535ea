"""What the voice network's answers are worth, from answers to people whom it had not heard."""

from dataclasses import dataclass

import numpy as np

from contract.expressions import EXPRESSIONS
from models.calibrate import COVERAGE
from models.data import Floats, Ints
from models.scores import fitted_temperature, softmax
from models.voice.folds import Answers
from models.voice.heads import RAVDESS, as_expressions
from models.voice.utterances import Utterance, labels_of

CALM = "calm"
LEAST_PART = 0.6  # of the accuracy in quiet, under which noise leaves too little


@dataclass(frozen=True)
class Calibration:
    """Of RAVDESS's head, at one look of two seconds, as a desk takes it a second.

    `reliability` (8,) is what `reliability_of` finds.
    """

    temperature: float
    unsure_below: float
    reliability: tuple[float, ...]


def looks_of(utterances: list[Utterance], answers: list[Answers]) -> tuple[Floats, Ints, list[str]]:
    """Every look at what RAVDESS's speakers said: its logits (n, classes), its label (n,) and its speaker."""
    logits, labels, speakers = [], [], []
    known = labels_of(utterances, RAVDESS.classes)
    for part in answers:
        ends = np.cumsum(part.looks)
        found = np.array(part.logits, np.float32)
        for row, end, count in zip(part.rows, ends, part.looks, strict=True):
            if utterances[row].corpus == RAVDESS.name:
                logits.append(found[end - count : end, RAVDESS.columns])
                labels += [known[row]] * count
                speakers += [utterances[row].speaker] * count
    return np.concatenate(logits), np.array(labels, np.int64), speakers


def calibrated(logits: Floats, labels: Ints) -> Calibration:
    """The calibration for logits (n, classes) of looks labelled (n,)."""
    temperature = fitted_temperature(logits[None], labels)
    shares = as_expressions(softmax(logits, temperature), RAVDESS)
    true = as_expressions(np.eye(len(RAVDESS.classes), dtype=np.float32)[labels], RAVDESS).argmax(axis=1)
    return Calibration(
        temperature,
        round(float(np.quantile(shares.max(axis=1), 1 - COVERAGE)), 4),
        reliability_of(shares, true),
    )


def unheard(logits: Floats, labels: Ints, speakers: list[str]) -> tuple[Floats, Floats]:
    """Shares (n, 8) of looks, and how far each is believed (n, 8), calibrated on other speakers than its own."""
    people = np.array(speakers)
    shares: Floats = np.zeros((len(labels), len(EXPRESSIONS)), np.float32)
    reliability: Floats = np.zeros_like(shares)
    for speaker in np.unique(people):
        own = people == speaker
        found = calibrated(logits[~own], labels[~own])
        shares[own] = as_expressions(softmax(logits[own], found.temperature), RAVDESS)
        reliability[own] = found.reliability
    return shares, reliability


def reliability_of(shares: Floats, labels: Ints) -> tuple[float, ...]:
    """How far each expression is to be believed where it is said (8,), in the contract's order, from 0 to 1.

    It is how often that was right, as a part of how sure it was: 1 of what is as right as it is sure, or more so, and 0
    of what never is said.
    """
    said, sure = shares.argmax(axis=1), shares.max(axis=1)
    found = []
    for place in range(len(EXPRESSIONS)):
        own = said == place
        right = float((labels[own] == place).mean() / sure[own].mean()) if own.any() else 0.0
        found.append(round(min(1.0, right), 3))
    return tuple(found)
