"""The operating points of a network: temperature, shift of the classes, and the threshold of unsure.

All are fitted on one half of a labelled split, its even rows; what is reported of calibration is the other half's.
"""

from dataclasses import dataclass

import numpy as np

from contract.expressions import EXPRESSIONS
from models.card import OperatingPoint, Output
from models.data import Floats, Ints
from models.heads import Head
from models.scores import fitted_temperature, softmax

# How much of the training prior is taken off the logits as they were trained, before any temperature: z - LEVEL
# log(prior) (Menon et al. 2021); fixed and not fitted.
LEVEL = 0.5
COVERAGE = 0.90  # the part of the faces that are to be sure enough
LEAST = 1e-4  # shares travel with four decimals
NEUTRAL = "neutral"


@dataclass(frozen=True)
class Plan:
    """An operating point before it is fitted: its head, and whether the training prior is levelled."""

    name: str
    head: Head
    levelled: bool
    note: str


def fitted_point(plan: Plan, logits: Floats, labels: Ints, prior: Floats) -> OperatingPoint:
    """The operating point for a head's logits (views, N, classes) of faces labelled (N,), and its prior (classes,)."""
    level = -LEVEL * np.log(np.maximum(prior, 1e-4)) if plan.levelled else np.zeros(len(prior))
    # A constant added to all classes changes nothing; around zero they are easier to read.
    level = (level - level.mean()).astype(np.float32)
    temperature = fitted_temperature(logits + level, labels)
    shift = np.round(level / np.float32(temperature), 3)  # a desk adds it after the division
    shares: Floats = softmax(logits + shift * np.float32(temperature), temperature).mean(axis=0)
    return OperatingPoint(
        name=plan.name,
        labels=plan.head.name,
        output=Output(plan.head.name, plan.head.classes),
        temperature=temperature,
        shift=tuple(round(float(value), 3) for value in shift) if plan.levelled else (),
        unsure_below=round(float(np.quantile(shares.max(axis=1), 1 - COVERAGE)), 4),
        note=plan.note,
        neutral=_at_rest(shares[labels == plan.head.classes.index(NEUTRAL)], plan.head),
    )


def _at_rest(shares: Floats, head: Head) -> tuple[float, ...]:
    """The mean log probability of each expression of the contract in neutral faces; nothing where there are none."""
    if not len(shares):
        return ()
    found = np.full(len(EXPRESSIONS), np.log(LEAST))
    found[[EXPRESSIONS.index(name) for name in head.classes]] = np.log(np.maximum(shares, LEAST)).mean(axis=0)
    return tuple(round(float(value), 3) for value in found)
