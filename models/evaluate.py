"""Scores the ONNX file that ships, through ONNX Runtime and its card, on any labelled split of a known format."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

from models.card import Card, load
from models.data import CLASSES, Bytes, Floats, copies_of, read_faces
from models.errors import DataError
from models.samples import Samples, read_samples
from models.scores import Scores, score, softmax

BATCH = 256
CARD = "expression.json"


@dataclass(frozen=True)
class Choice:
    """Which rows are scored and how: `rows` is all, even or odd (of the labelled faces, in file order).

    `crop` takes the place of the card's share of the box's height, where faces are detected.
    """

    rows: str = "all"
    flip: bool = True
    crop: float | None = None
    without_copies_of: Path | None = None


class Report(msgspec.Struct, frozen=True):
    """What `evaluate` prints: the model, the data, the choice made, and the scores."""

    model: str
    sha256: str
    data: str
    kind: str
    rows: str
    flip: bool
    not_found: int
    copies_left_out: int
    scores: Scores


class Model:
    """The weights of a bundle in ONNX Runtime on one thread, used as their card says."""

    def __init__(self, bundle: Path) -> None:
        """Raises CardError where the card or the weights are missing, broken, or do not fit each other."""
        self.card: Card = load(bundle / CARD)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        weights = str(bundle / self.card.file)
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    def logits(self, crops: Bytes, flip: bool = True) -> Floats:
        """Logits (views, N, 8) of grey crops (N, size, size): the crop itself and, where asked, its mirror image."""
        views = [crops, crops[:, :, ::-1]] if flip else [crops]
        return np.stack([self._forward(view) for view in views]).astype(np.float32)

    def shares(self, crops: Bytes, flip: bool = True) -> Floats:
        """Calibrated probabilities (N, 8), as the desk computes them."""
        shares: Floats = softmax(self.logits(crops, flip), self.card.output.temperature).mean(axis=0)
        return shares

    def _forward(self, crops: Bytes) -> Floats:
        taken, given = self.card.input, self.card.output
        parts = []
        for at in range(0, len(crops), BATCH):
            x = (crops[at : at + BATCH, None].astype(np.float32) - np.float32(taken.mean)) * np.float32(taken.scale)
            parts.append(self._session.run([given.name], {taken.name: x})[0])
        return np.concatenate(parts)


def evaluate(model: Model, data: Path, choice: Choice | None = None) -> Report:
    """Scores a model on one file. Raises DataError."""
    choice = choice or Choice()
    samples = read_samples(data, choice.crop or model.card.input.crop_of_box_height)
    kept, left_out = _without_copies(samples, choice.without_copies_of, data)
    kept = only(kept, choice.rows)
    if not len(kept):
        raise DataError(f"{data}: no face is left to score; choose --rows all")
    return Report(
        model=f"{model.card.name}-{model.card.version}",
        sha256=model.card.sha256,
        data=str(data),
        kind=samples.kind,
        rows=choice.rows,
        flip=choice.flip,
        not_found=samples.not_found,
        copies_left_out=left_out,
        scores=score(model.shares(kept.crops, choice.flip), kept.labels, CLASSES),
    )


def only(samples: Samples, rows: str) -> Samples:
    """The samples at even or odd places of the labelled faces in file order, or all."""
    return samples if rows == "all" else samples[int(rows == "odd") :: 2]


def _without_copies(samples: Samples, of: Path | None, data: Path) -> tuple[Samples, int]:
    if of is None:
        return samples, 0
    if samples.kind != "FER+":
        raise DataError(f"{data}: copies can be left out of FER+ splits only; leave --without-copies-of away")
    copied = copies_of(read_faces(data).images[samples.rows], read_faces(of).images)
    return samples[~copied], int(copied.sum())


def table(report: Report) -> str:
    """The report for people: a line of scores, recall by class, and the confusion matrix (rows are labels)."""
    scores = report.scores
    names = [name[:9] for name in CLASSES]
    head = f"{report.kind}: {scores.n} faces of {report.data} ({report.rows} rows), {report.model}"
    if report.not_found or report.copies_left_out:
        head += f"; without a face found {report.not_found}, left out as copies {report.copies_left_out}"
    lines = [
        head,
        f"accuracy {scores.accuracy:.2%} ± {scores.standard_error * 100:.2f}   macro-F1 {scores.macro_f1:.2%}   "
        f"calibration error {scores.calibration_error:.2%}   mirror average {'on' if report.flip else 'off'}",
        "",
        f"{'label':<10}{'faces':>7}{'recall':>9}   " + "".join(f"{name:>10}" for name in names),
    ]
    for i, name in enumerate(CLASSES):
        if name in scores.recall:
            counts = "".join(f"{count:>10}" for count in scores.confusion[i])
            lines.append(f"{name:<10}{scores.labelled[name]:>7}{scores.recall[name]:>9.1%}   {counts}")
    return "\n".join(lines)
