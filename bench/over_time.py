"""What reading a face over time costs beside a face's network, and how steady its labels are beside single frames'.

Cost: the network over time on a whole ring, and the network of a frame, by turns in one process on one thread. Labels:
the clips of people, followed as a desk follows them at its 15 frames a second, read in the same run: frame by frame as
a desk reads them (each with the mirrored view of the one before), by the exponential average with hysteresis of that
(`edge.smooth`), over time, and over time as `mien-desk analyze` shows it, by that average too. A change is a label that
differs from that of the same face's frame before. The other networks over time, which take the faces themselves and
go through a whole network with each frame, follow with their cost and their labels, not averaged. The woman's clip is
labelled: she cries until second 9 and laughs after second 11; what is right there is the part of those frames that are
called negative, or happy.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import clips
from bench.errors import CannotMeasure
from bench.figures import Found, Given, Measured
from contract.expressions import EXPRESSIONS, negative
from edge import bundle
from edge.bundle import Bundle
from edge.errors import ModelError
from edge.over_time import BESIDE
from edge.reader import FaceReader
from edge.runtime.backend import ModelFile
from edge.runtime.onnx import ON_PROCESSOR
from edge.smooth import Smoothers

NAME: Final = "st-attention"
OTHERS: Final = ("res3-att", "two-stream")  # that take the faces themselves
RATE: Final = 15.0  # frames a second that a desk reads
CRIES_UNTIL_S, LAUGHS_FROM_S = 9.0, 11.0
HAPPINESS: Final = EXPRESSIONS.index("happiness")
CLIPS: Final = (
    "WolfgangLanger_Pexels.mp4",
    "single_face.mp4",
    "face_noface.mov",
    "head-pose-face-detection-female-and-male.gif",
    "head-pose-face-detection-male.gif",
)

Floats = NDArray[np.float32]


@dataclass
class Labels:
    """How often labels of followed faces changed, in how many seconds, and which of the labelled frames were right."""

    changes: int = 0
    seconds: float = 0.0
    right: int = 0
    labelled: int = 0

    @property
    def a_second(self) -> float:
        """Changes a second."""
        return self.changes / self.seconds

    @property
    def accuracy(self) -> float:
        """The part of the labelled frames that was right."""
        return self.right / self.labelled


def measure(given: Given) -> Found:
    """Cost in `rounds` of `count` runs each, and the labels of all clips. Raises CannotMeasure without the data."""
    woman = clips.woman()
    if woman is None:
        raise CannotMeasure(clips.NO_DATA)
    try:
        over_time, single = bundle.named(NAME), bundle.load()
        others = {name: bundle.named(name) for name in OTHERS}
    except ModelError as error:
        raise CannotMeasure(str(error)) from error
    cost = _cost(over_time, given, over_time.expression_file())
    ways = {way: Labels() for way in ("single", "averaged", "over time", "over time, averaged", *OTHERS)}
    for name in CLIPS:
        path = woman.parent / name
        _read(path, single, ways["single"], ways["averaged"])
        _read(path, over_time, ways["over time"], ways["over time, averaged"])
        for name, other in others.items():
            _read(path, other, ways[name], Labels())
        print(f"  {name}: {', '.join(f'{way} {found.changes}' for way, found in ways.items())}", file=sys.stderr)
    alone = ways["single"]
    values = {"a ring of frames": Measured(*cost)}
    for way in list(ways)[1:]:
        values[f"{way}: changes"] = Measured(ways[way].a_second, alone.a_second)
        values[f"{way}: right"] = Measured(100 * ways[way].accuracy, 100 * alone.accuracy)
    for name, other in others.items():
        values[f"{name}: a frame"] = Measured(*_cost(other, given, single.expression_file()))
    return Found(values=values, details={way: vars(found) for way, found in ways.items()})


def _cost(read: Bundle, given: Given, beside: ModelFile) -> tuple[float, float]:
    """Milliseconds of what reads a face over time, and of the network of a frame `beside`: medians over the rounds."""
    file, shape = _over_time(read)
    over_time, frame = ON_PROCESSOR.load(file), ON_PROCESSOR.load(beside)
    draw, side = np.random.default_rng(1), read.expression.input.size
    face, taken = (draw.standard_normal(each).astype(np.float32) for each in ((1, 1, side, side), shape))
    sides: tuple[Callable[[], Any], ...] = (lambda: over_time.infer(taken), lambda: frame.infer(face))
    rounds = [[_timed(run, given.count) for run in sides] for _ in range(given.rounds)]
    mine, other = (statistics.median(each) for each in zip(*rounds, strict=True))
    return mine, other


def _over_time(read: Bundle) -> tuple[ModelFile, tuple[int, ...]]:
    """The network that reads a bundle's faces over time, and the shape of what it takes."""
    card, taken = read.expression.over_time, read.expression.input
    if card is not None:
        return read.over_time_file(), (1, 1, card.length, card.width + BESIDE)
    return read.expression_file(), (1, taken.channels, taken.size, taken.size)


def _timed(run: Callable[[], Any], count: int) -> float:
    """Milliseconds of one run."""
    run()
    began = time.perf_counter()
    for _ in range(count):
        run()
    return 1000 * (time.perf_counter() - began) / count


def _read(path: Path, read: Bundle, plain: Labels, steadied: Labels) -> None:
    """Adds the labels of a clip's faces to `plain`, and those of the exponential average to `steadied`."""
    reader, smoothers = FaceReader.from_bundle(read, every_face=True), Smoothers()
    last: dict[tuple[int, int], tuple[float, int]] = {}
    for at_s, image in _frames(path):
        for face in reader.look(image, at_s).faces:
            if not isinstance(face.result, np.ndarray):
                continue
            found = smoothers.add(face.track.id, at_s, face.result)
            kinds = [(plain, int(face.result.argmax()), face.result), (steadied, found.label, found.shares)]
            for which, (labels, label, shares) in enumerate(kinds):
                _add(labels, last, (which, face.track.id), at_s, label)
                if path.name == CLIPS[0]:
                    _judge(labels, at_s, label, shares)


def _add(
    labels: Labels, last: dict[tuple[int, int], tuple[float, int]], face: tuple[int, int], at_s: float, label: int
) -> None:
    if face in last and at_s - last[face][0] < 1.0:
        labels.seconds += at_s - last[face][0]
        labels.changes += int(label != last[face][1])
    last[face] = (at_s, label)


def _judge(labels: Labels, at_s: float, label: int, shares: Floats) -> None:
    if CRIES_UNTIL_S <= at_s <= LAUGHS_FROM_S:
        return
    labels.labelled += 1
    laughs, cries = label == HAPPINESS, negative(shares.tolist()) > float(shares[HAPPINESS])
    labels.right += laughs if at_s > LAUGHS_FROM_S else cries


def _frames(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Seconds and picture of a clip's frames, RATE of them a second."""
    film = cv2.VideoCapture(str(path))
    try:
        fps, number, due = film.get(cv2.CAP_PROP_FPS) or 25.0, 0, 0.0
        while (taken := film.read())[0]:
            at_s = number / fps
            number += 1
            if at_s + 0.5 / fps >= due:
                due += 1 / RATE
                yield at_s, np.asarray(taken[1], np.uint8)
    finally:
        film.release()
