"""Accuracy against each quality that the desk's gate looks at, so that its limits can be set by what they save.

Posed faces are made smaller, blurred, darker and covered, step by step; O-Net then looks at each anew, as the desk's
tracker does, and the face is cut and measured from what it says. How far faces are turned cannot be made, so there the
faces of news photos are taken as they are. Faces of all steps are sorted by what was measured of them, not by the step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import msgspec
import numpy as np
from tqdm import tqdm

from edge.align import face_crop, place
from edge.detect import Detector, Face, square
from edge.quality import Limits, detail, nose_height, sharpness, spread, yaw
from models.data import CLASSES, Bytes, Floats
from models.evaluation.degrade import masked, scaled
from models.evaluation.evaluate import Pictures
from models.model import Model
from models.scores import fitted, interval

FALL = 0.10  # of accuracy, at which a limit is proposed
FEWEST = 40  # faces in a bin that is to say anything
GRAIN = 2.0  # greys of noise that a dark picture keeps
UNDER, OVER = "under", "over"

_Step = Callable[[Bytes, Face, float], tuple[Bytes, Face]]


class Bin(msgspec.Struct, frozen=True):
    """Faces between two values of a measure: their mean value, how many, the share that is right, its interval."""

    measure: float
    n: int
    accuracy: float
    low: float
    high: float


class Curve(msgspec.Struct, frozen=True):
    """Accuracy against one measure, and the limit that the desk has for it.

    `refused` says on which side of `limit` the desk refuses. `clean` is the accuracy of the faces as they are,
    `at_limit` the one at the limit, null where no bins lie on both sides of it. `fallen` is the value beyond which
    accuracy is FALL under the clean one, null where it never is. `refused_clean` is the share of the faces as they are
    that the limit refuses.
    """

    reason: str
    name: str
    data: str
    what: str
    refused: str
    limit: float
    bins: tuple[Bin, ...]
    clean: float
    at_limit: float | None
    fallen: float | None
    refused_clean: float


@dataclass(frozen=True)
class Seen:
    """One face as the desk would see it: the face, its crop (size, size), and its landmarks (5, 2) there."""

    face: Face
    crop: Bytes
    points: Floats


@dataclass(frozen=True)
class Quality:
    """A limit of the desk's gate: what is measured, on which side it refuses, and at which values faces are sorted.

    `field` is its name in `edge.quality.Limits`, `spoilt` how pictures are spoilt for it ("" not at all).
    """

    reason: str
    field: str
    what: str
    refused: str
    measure: Callable[[Seen], float]
    edges: tuple[float, ...]
    spoilt: str = ""


def _least_detail(seen: Seen) -> float:
    eyes, mouth = (detail(seen.crop, seen.points[i], seen.points[i + 1]) for i in (0, 3))
    return min(eyes, mouth) / max(spread(seen.crop), 1e-6)


QUALITIES: tuple[Quality, ...] = (
    Quality(
        "too_small",
        "height",
        "height of the box, pixels",
        UNDER,
        lambda seen: seen.face.height,
        (0, 10, 14, 18, 22, 27, 34, 44, 60, 90, 150, 400),
        "smaller",
    ),
    Quality(
        "blurred",
        "sharpness",
        "sharpness of the crop",
        UNDER,
        lambda seen: sharpness(seen.crop),
        (0, 0.005, 0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.11, 0.16, 0.25, 0.5, 2),
        "blurred",
    ),
    Quality(
        "dark",
        "light",
        "mean grey of the crop",
        UNDER,
        lambda seen: float(cv2.mean(seen.crop)[0]),
        (0, 3, 5, 8, 12, 18, 25, 35, 50, 80, 130, 256),
        "darker",
    ),
    Quality(
        "covered",
        "score",
        "O-Net's probability that it is a face",
        UNDER,
        lambda seen: seen.face.score,
        (0, 0.3, 0.7, 0.85, 0.93, 0.98, 0.995, 0.999, 1.001),
        "covered",
    ),
    Quality(
        "covered",
        "detail",
        "least contrast about eyes or mouth, over that of the crop",
        UNDER,
        _least_detail,
        (0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 3),
        "covered",
    ),
    Quality(
        "turned_away",
        "yaw",
        "nose from between the eyes, in distances between them",
        OVER,
        lambda seen: abs(yaw(seen.face.landmarks)),
        (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 2),
    ),
    Quality(
        "turned_away",
        "nose_up",
        "nose between eyes (0) and mouth (1), head thrown back",
        UNDER,
        lambda seen: nose_height(seen.face.landmarks),
        (-2, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.56),
    ),
    Quality(
        "turned_away",
        "nose_down",
        "nose between eyes (0) and mouth (1), head bowed",
        OVER,
        lambda seen: nose_height(seen.face.landmarks),
        (0.5, 0.56, 0.6, 0.65, 0.7, 0.75, 0.8, 3),
    ),
)


def _smaller(picture: Bytes, face: Face, height: float) -> tuple[Bytes, Face]:
    return scaled(picture, face, min(1.0, height / face.height))


def _blurred(picture: Bytes, face: Face, part: float) -> tuple[Bytes, Face]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), part * face.height), np.uint8), face


def _darker(picture: Bytes, face: Face, light: float) -> tuple[Bytes, Face]:
    dark = np.float32(light) * picture + _grain(picture.shape)
    return np.asarray(dark.round().clip(0, 255), np.uint8), face


@lru_cache(maxsize=2)
def _grain(shape: tuple[int, ...]) -> Floats:
    """The noise of a sensor, the same for each picture of one shape: drawing it takes longer than all else."""
    return np.random.default_rng(1).normal(0, GRAIN, shape).astype(np.float32)


# How pictures are spoilt, and by how much at each step; all also count as they are.
STEPS: dict[str, tuple[_Step, tuple[float, ...]]] = {
    "smaller": (_smaller, (120, 75, 52, 39, 30, 24, 20, 16, 12)),  # pixels of the box's height
    "blurred": (_blurred, (0.01, 0.02, 0.03, 0.04, 0.055, 0.07, 0.09)),  # of the box's height
    "darker": (_darker, (0.5, 0.35, 0.25, 0.17, 0.11, 0.07, 0.045, 0.025)),  # of the light
    "covered": (masked, (0.3, 0.5, 0.75, 1.0, 1.4, 1.8)),  # of the way from the chin to the nose, and on to the eyes
}


def curves(model: Model, posed: Pictures, others: Pictures, every: int) -> tuple[Curve, ...]:
    """A curve for each of QUALITIES: of `posed` faces, of which each n-th is spoilt, and of `others` as they are."""
    detector = Detector.from_bundle()
    few = Pictures(posed.labelled[::every], posed.faces[::every])
    plain, right = _taken(model, few, None, detector)
    spoilt = {name: _spoilt(model, few, name, detector) for name in STEPS}
    unposed = _taken(model, others, None, detector)
    made = []
    for quality in QUALITIES:
        if quality.spoilt:
            seen, hits = spoilt[quality.spoilt]
            made.append(_curve(quality, few.labelled.path, [*plain, *seen], np.concatenate([right, hits]), len(plain)))
        else:
            made.append(_curve(quality, others.labelled.path, unposed[0], unposed[1], len(unposed[0])))
    return tuple(made)


def _spoilt(model: Model, pictures: Pictures, name: str, detector: Detector) -> tuple[list[Seen], Floats]:
    spoil, levels = STEPS[name]
    seen: list[Seen] = []
    right = []
    for level in tqdm(levels, desc=name, leave=False):
        more, hits = _taken(model, pictures, partial(_at, spoil, level), detector)
        seen += more
        right.append(hits)
    return seen, np.concatenate(right)


def _at(spoil: _Step, level: float, picture: Bytes, face: Face) -> tuple[Bytes, Face]:
    return spoil(picture, face, level)


def _taken(
    model: Model,
    pictures: Pictures,
    spoil: Callable[[Bytes, Face], tuple[Bytes, Face]] | None,
    detector: Detector,
) -> tuple[list[Seen], Floats]:
    """The faces as the desk would see them, and which of them (N,) the model gets right."""
    seen, labels = [], []
    taken = model.card.input
    for at, face in enumerate(pictures.faces):
        if face is None:
            continue
        picture = pictures.labelled.picture(at)
        if spoil:
            picture, face = spoil(picture, face)
            (face,) = detector.look(picture, square(np.array([face.box], np.float32)))
        crop = face_crop(picture, face.box, face.landmarks, taken.size, of_box_height=taken.crop_of_box_height)
        points = place(face.box, face.landmarks, taken.crop_of_box_height).inside(face.landmarks, taken.size)
        seen.append(Seen(face, crop, points))
        labels.append(pictures.labelled.labels[at])
    shares = fitted(model.shares(np.stack([each.crop for each in seen])), CLASSES, pictures.labelled.offered)
    return seen, (shares.argmax(axis=1) == np.array(labels)).astype(np.float32)


def _curve(quality: Quality, data: Path, seen: Sequence[Seen], right: Floats, unspoilt: int) -> Curve:
    """`unspoilt` is how many of the faces, the first ones, are as they were."""
    values = np.array([quality.measure(each) for each in seen])
    limit = float(getattr(Limits(), quality.field))
    bins = []
    for low, high in zip(quality.edges, quality.edges[1:], strict=False):
        inside = (values >= low) & (values < high)
        n, hits = int(inside.sum()), int(right[inside].sum())
        if n >= FEWEST:
            bins.append(Bin(float(values[inside].mean()), n, hits / n, *interval(hits, n)))
    clean = float(right[:unspoilt].mean())
    return Curve(
        reason=quality.reason,
        name=quality.field,
        data=f"{data.parent.name}/{data.name}",
        what=quality.what,
        refused=quality.refused,
        limit=limit,
        bins=tuple(bins),
        clean=clean,
        at_limit=accuracy_at(bins, limit),
        fallen=fallen(bins if quality.refused == OVER else bins[::-1], clean - FALL),
        refused_clean=float(
            (values[:unspoilt] < limit if quality.refused == UNDER else values[:unspoilt] > limit).mean()
        ),
    )


def accuracy_at(bins: Sequence[Bin], value: float) -> float | None:
    """The accuracy at a value, on the line between the bins about it; None where it lies outside of them."""
    places = [each.measure for each in bins]
    if not places or not places[0] <= value <= places[-1]:
        return None
    return float(np.interp(value, places, [each.accuracy for each in bins]))


def fallen(ordered: Sequence[Bin], floor: float) -> float | None:
    """Where accuracy goes under `floor` for good, on the line between two bins; `ordered` from the good side on."""
    under = [each.accuracy < floor for each in ordered]
    if not under or not under[-1]:
        return None
    first = len(under) - next((back for back, is_under in enumerate(reversed(under)) if not is_under), len(under))
    if first == 0:
        return None
    above, below = ordered[first - 1], ordered[first]
    part = (above.accuracy - floor) / (above.accuracy - below.accuracy)
    return above.measure + part * (below.measure - above.measure)


def table(made: Sequence[Curve]) -> str:
    """The curves for people: each limit, the accuracy there, and where accuracy has fallen by FALL."""
    lines = []
    for curve in made:
        there = f", where accuracy is {curve.at_limit:.1%}" if curve.at_limit is not None else ""
        lost = f"{FALL:.0%} lost at {curve.fallen:.3g}" if curve.fallen is not None else f"never {FALL:.0%} lost"
        lines.append(
            f"{curve.reason} ({curve.name}): refused {curve.refused} {curve.limit:g}{there}; {curve.clean:.1%} as they "
            f"are, {lost}; refuses {curve.refused_clean:.1%} of those"
        )
        lines += [f"    {each.measure:8.3g} {each.n:6d} {each.accuracy:7.1%}" for each in curve.bins]
    return "\n".join(lines)
