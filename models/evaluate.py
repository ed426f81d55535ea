"""Scores the ONNX file that ships, through ONNX Runtime and its card, on any labelled split of a known format."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.data import CLASSES, copies_of, read_faces
from models.errors import DataError
from models.model import Model
from models.samples import Samples, read_samples
from models.scores import Scores, score


@dataclass(frozen=True)
class Choice:
    """Which rows are scored and how: `rows` is all, even or odd (of the labelled faces, in file order).

    `crop` takes the place of the card's share of the box's height.
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


def evaluate(model: Model, data: Path, choice: Choice | None = None) -> Report:
    """Scores a model on one file. Raises DataError."""
    choice = choice or Choice()
    taken = model.card.input
    samples = read_samples(data, choice.crop or taken.crop_of_box_height, taken.size)
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
