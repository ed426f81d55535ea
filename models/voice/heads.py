"""The label sets of voices: each data set has its own, and the voice network a head for each, side by side.

Calm and boredom are no expressions of the contract: calm is added to neutral wherever a voice becomes a reading, and
boredom, which EMO-DB alone has, is learned and never read.
"""

import numpy as np

from contract.expressions import EXPRESSIONS
from models.data import Floats
from models.heads import Head

CALM, NEUTRAL = "calm", "neutral"
RAVDESS = Head("ravdess", (NEUTRAL, CALM, "happiness", "sadness", "anger", "fear", "disgust", "surprise"), 0)
EMODB = Head("emodb", ("anger", "boredom", "disgust", "fear", "happiness", "sadness", NEUTRAL), len(RAVDESS.classes))
HEADS = (RAVDESS, EMODB)
LOGITS = sum(len(head.classes) for head in HEADS)
SHARED = tuple(name for name in EXPRESSIONS if name in RAVDESS.classes and name in EMODB.classes)


def as_expressions(shares: Floats, head: Head) -> Floats:
    """Probabilities (..., classes) of a head as (..., 8) in the contract's order, calm in neutral, made to sum to 1."""
    whole: Floats = np.zeros((*shares.shape[:-1], len(EXPRESSIONS)), np.float32)
    for column, name in enumerate(head.classes):
        spelled = NEUTRAL if name == CALM else name
        if spelled in EXPRESSIONS:
            whole[..., EXPRESSIONS.index(spelled)] += shares[..., column]
    whole /= np.maximum(whole.sum(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
    return whole
