"""From frames to one result a second: the mean of what was read, or the reason why nothing was. Pure functions.

A frame is seen first (`FrameView`: whose face, how it looks or why not), then a second of frames summed up (`Summary`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason
from edge.detect import Face

Floats = NDArray[np.float32]

SECOND = 1.0
LEAST_USABLE = 0.3  # part of a second's frames that must have been read
LEAST_SURE = 0.35  # confidence under which all is `unsure` where the model gives no limit; the flattest has 0.125
SECOND_FACE = 0.5  # a second face of more than this part of the main one's area makes `many_faces`
AIM_REACH = 0.5  # distance from the aim, in widths of the picture, at which a face counts half its area
LONGEST_GAP_S = 60.0  # a clock that jumps further begins anew; nothing is said of the time between


@dataclass(frozen=True, eq=False)
class FrameView:
    """One frame as it was seen: how many faces; and either their mean shares (8,) and how sure, or the reason."""

    faces: int
    shares: Floats | None = None
    confidence: float = 0.0
    reason: Reason | None = None


@dataclass(frozen=True)
class Summary:
    """A window: shares with confidence, or a reason. `quality` is the part of its frames that were read."""

    quality: float
    faces: int
    shares: tuple[float, ...] | None = None
    confidence: float | None = None
    reason: Reason | None = None


@dataclass(frozen=True, eq=False)
class Window:
    """The frames of one second that began at `started_s` (monotonic)."""

    started_s: float
    views: list[FrameView] = field(default_factory=list)


def agent_face(faces: Sequence[Face], width: int, height: int, aim: tuple[float, float]) -> Face | Reason:
    """The agent's face: the largest, less what it is away from `aim` (x, y as parts of the picture).

    MANY_FACES where another has over half its area: whose second it was cannot be said. NO_FACE without any.
    """
    if not faces:
        return Reason.NO_FACE

    def weight(face: Face) -> float:
        x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
        away = math.hypot(x - aim[0] * width, y - aim[1] * height) / (AIM_REACH * width)
        return face.area / (1.0 + away**2)

    main = max(faces, key=weight)
    if any(face is not main and face.area > SECOND_FACE * main.area for face in faces):
        return Reason.MANY_FACES
    return main


def summarise(views: Sequence[FrameView], least_sure: float = LEAST_SURE) -> Summary:
    """The result of a window. Without any frame it is STALE; with a confidence under `least_sure`, UNSURE.

    Single frames are not left out for being unsure: what remained would be the clearest moments of a second, and no
    longer its mean.
    """
    if not views:
        return Summary(0.0, 0, reason=Reason.STALE)
    read = [view for view in views if view.shares is not None]
    quality = len(read) / len(views)
    if len(read) < LEAST_USABLE * len(views):
        reasons = Counter(view.reason for view in views if view.reason is not None)
        reason = reasons.most_common(1)[0][0]
        faces = round(float(np.mean([view.faces for view in views if view.reason is reason])))
        return Summary(quality, faces, reason=reason)
    faces = round(float(np.mean([view.faces for view in read])))
    confidence = float(np.mean([view.confidence for view in read]))
    if confidence < least_sure:
        return Summary(quality, faces, reason=Reason.UNSURE)
    shares = np.stack([view.shares for view in read if view.shares is not None]).mean(axis=0, dtype=np.float64)
    return Summary(quality, faces, tuple(shares.tolist()), confidence)


class Seconds:
    """Sorts frames into windows of one second, the first beginning with the first frame or tick."""

    def __init__(self) -> None:
        self._open: Window | None = None

    def add(self, stamp_s: float, view: FrameView) -> list[Window]:
        """Take in one frame; the windows that it closes, seconds without any frame among them."""
        closed = self.tick(stamp_s)
        assert self._open is not None
        self._open.views.append(view)
        return closed

    def tick(self, now_s: float) -> list[Window]:
        """The windows that have ended by `now_s`."""
        if self._open is None or not -SECOND <= now_s - self._open.started_s <= LONGEST_GAP_S:
            closed = [self._open] if self._open is not None and self._open.views else []
            self._open = Window(now_s)
            return closed
        closed = []
        while now_s >= self._open.started_s + SECOND:
            closed.append(self._open)
            self._open = Window(self._open.started_s + SECOND)
        return closed
