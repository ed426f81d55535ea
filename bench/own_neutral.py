"""What taking an agent's own neutral out of their readings is worth: Taiwanese performers, who have neutral pictures.

Of each performer's pictures that are to be neutral a half is what was learned of them, as if they had rested so for an
hour; all their other pictures are scored, with and without it. As on the desk, one that is not surely neutral is not
learned from. The model, at its everyday and its expressive point, was not trained on these people.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np
import pyarrow.parquet
from numpy.typing import NDArray

from bench import clips
from bench.errors import CannotMeasure
from bench.figures import Found, Given, Measured
from contract.expressions import EXPRESSIONS
from edge import bundle
from edge.neutral import Learned
from edge.recognise import Recogniser
from edge.resting import moved
from edge.window import FrameView
from models.samples import Samples, read_samples

POINTS: Final = ("everyday", "expressive")
RESTED_S: Final = 3600
_NEUTRAL: Final = EXPRESSIONS.index("neutral")


def measure(given: Given) -> Found:
    """Accuracy with and without, `count` ways to halve the neutral pictures. Raises CannotMeasure without the data."""
    woman = clips.woman()
    if woman is None:
        raise CannotMeasure(clips.NO_DATA)
    path = woman.parent.parent / "taiwanese" / "taiwanese.parquet"
    performers = np.array(pyarrow.parquet.read_table(path, columns=["performer"])["performer"].to_pylist())
    values, details = {}, {}
    for name in POINTS:
        loaded = bundle.load(point=name)
        taken = loaded.expression.input
        faces = read_samples(path, taken.crop_of_box_height, taken.size, "emotion")
        recogniser = Recogniser.from_bundle(loaded)
        shares = np.stack([recogniser.shares(crop) for crop in faces.crops])
        people = performers[faces.rows]
        found = [_scored(shares, faces, people, loaded.point.neutral, draw) for draw in range(given.count)]
        on, off, learned = np.mean(found, axis=0)
        values[f"{name}: right"] = Measured(100 * on, 100 * off)
        details[name] = {"people": len(set(people.tolist())), "learned_of": round(float(learned), 2)}
        print(f"  {name}: {100 * off:.1f} without, {100 * on:.1f} with", file=sys.stderr)
    return Found(values=values, details=details)


def _scored(
    shares: NDArray[np.float32], faces: Samples, people: NDArray[np.str_], usual: tuple[float, ...], draw: int
) -> tuple[float, float, int]:
    """The part that is right with the own neutral and without, and of how many people anything was learned."""
    random, labels = np.random.default_rng(draw), np.array(faces.labels)
    right, plain, learned_of = [], [], 0
    for person in np.unique(people):
        own = np.flatnonzero(people == person)
        resting = random.permutation(own[labels[own] == _NEUTRAL])
        rested = resting[: len(resting) // 2]
        learned = Learned()
        for second in range(RESTED_S if len(rested) else 0):
            learned = learned.also(shares[rested[second % len(rested)]].tolist())
        shift = learned.shift(usual)
        learned_of += shift is not None
        for row in np.setdiff1d(own, rested):
            view = moved(FrameView(1, shares[row]), shift)
            assert view.shares is not None
            right.append(int(view.shares.argmax()) == labels[row])
            plain.append(int(shares[row].argmax()) == labels[row])
    return float(np.mean(right)), float(np.mean(plain)), learned_of
