"""Whether a network in half precision still is the network: the same real faces through both, float32 and float16.

A processor without half runs the float16 file in float32 and hides what is lost between the nodes, with ONNX Runtime's
optimizations off as well. So what each node gives is rounded to half by nodes of its own, as a GPU rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from onnx import ModelProto

from convert import half
from convert.errors import LimitError
from models.card import load
from models.data import CLASSES, Bytes, Floats, Ints
from models.evaluation.evaluate import Scorer
from models.model import CARD, Model
from models.scores import fitted, score


class Limits(msgspec.Struct, frozen=True):
    """How far apart the two may be; shares lie between 0 and 1."""

    agreement: float = 0.995
    accuracy: float = 0.002
    calibration_error: float = 0.005
    logits: float = 0.05


LIMITS: Final = Limits()
WIDTHS: Final = (12, 6, 13, 12, 9, 7, 9, 7)  # of the columns that people read


class Compared(msgspec.Struct, frozen=True):
    """The two at one operating point on `n` faces: their largest difference, and what float16 changes."""

    point: str
    n: int
    logits: float
    agreement: float
    accuracy: float
    accuracy_change: float
    calibration_error: float
    calibration_change: float

    def past(self, limits: Limits = LIMITS) -> list[str]:
        """Which limits it does not keep, in words."""
        changed, calibration = self.accuracy_change, self.calibration_change
        found = (
            (
                self.agreement >= limits.agreement,
                f"labels agree on {self.agreement:.2%}, at least {limits.agreement:.2%} must",
            ),
            (abs(changed) <= limits.accuracy, f"accuracy changes by {changed:+.2%}, {limits.accuracy:.2%} at most"),
            (
                abs(calibration) <= limits.calibration_error,
                f"the calibration error changes by {calibration:+.2%}, {limits.calibration_error:.2%} at most",
            ),
            (self.logits <= limits.logits, f"a logit differs by {self.logits:.4f}, {limits.logits} at most"),
        )
        return [text for kept, text in found if not kept]


@dataclass(frozen=True)
class Faces:
    """Crops (N, size, size) uint8 as a bundle's network sees them, labels (N,), and what labellers could choose."""

    crops: Bytes
    labels: Ints
    offered: tuple[str, ...]


def faces_of(bundle: Path, data: Path, labels: str = "") -> Faces:
    """The labelled faces of a parquet file, found and cut as for this bundle. Raises DataError and CardError."""
    scorer = Scorer(bundle)
    taken = scorer.card.input
    pictures = scorer.pictures(data, labels)
    cut = pictures.labelled.cut(pictures.faces, taken.crop_of_box_height, taken.size, None)
    return Faces(cut.crops, cut.labels, pictures.found.offered)


def compared(bundle: Path, float32: ModelProto, float16: ModelProto, faces: Faces) -> Iterator[Compared]:
    """Both files at each operating point of the bundle's card, which names their inputs and outputs."""
    plain, rounded = float32.SerializeToString(), half.rounding(float16).SerializeToString()
    answers: dict[str, tuple[Floats, Floats]] = {}  # of one output, whatever is made of it
    for point in load(bundle / CARD).points:
        whole = Model(bundle, point.name, weights=plain)
        flip, given = whole.card.flip_average, point.output.name
        if given not in answers:
            coarse = Model(bundle, point.name, weights=rounded, optimized=False)
            answers[given] = whole.logits(faces.crops, flip), coarse.logits(faces.crops, flip)
        logits = answers[given]
        shares = [fitted(whole.shares_of(each), CLASSES, faces.offered) for each in logits]
        before, after = (score(each, faces.labels, CLASSES) for each in shares)
        yield Compared(
            point=point.name,
            n=len(faces.labels),
            logits=float(np.abs(logits[0] - logits[1]).max()),
            agreement=float((shares[0].argmax(axis=1) == shares[1].argmax(axis=1)).mean()),
            accuracy=before.accuracy,
            accuracy_change=after.accuracy - before.accuracy,
            calibration_error=before.calibration_error,
            calibration_change=after.calibration_error - before.calibration_error,
        )


def told(rows: Iterable[Compared], say: Callable[[str], None]) -> list[Compared]:
    """The rows as a table for people, each told as soon as it is there, and the limits below."""
    say(_line(("point", "faces", "largest logit", "labels agree", "accuracy", "change", "ECE", "change")))
    found = []
    for row in rows:
        found.append(row)
        accuracy = (f"{row.accuracy:.2%}", f"{row.accuracy_change:+.2%}")
        calibration = (f"{row.calibration_error:.2%}", f"{row.calibration_change:+.2%}")
        say(_line((row.point, f"{row.n:,}", f"{row.logits:.5f}", f"{row.agreement:.2%}", *accuracy, *calibration)))
    agreement, changes = f"{LIMITS.agreement:.2%}", (f"{LIMITS.accuracy:.2%}", f"{LIMITS.calibration_error:.2%}")
    say(_line(("limit", "", str(LIMITS.logits), agreement, "", changes[0], "", changes[1])))
    return found


def _line(cells: tuple[str, ...]) -> str:
    return "  ".join([f"{cells[0]:<{WIDTHS[0]}}", *map(str.rjust, cells[1:], WIDTHS[1:])])


def hold(rows: Sequence[Compared], name: str) -> None:
    """Raises LimitError, in which `name` stands for the network, with all that is past a limit."""
    past = [f"{row.point}: {text}" for row in rows for text in row.past()]
    if past:
        raise LimitError(f"{name}: {'; '.join(past)}; do not ship it: find the layer for which float16 is too coarse")
