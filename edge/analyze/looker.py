"""Frames in, windows out: every face of each frame is read and counted, and each second summed up as a desk does.

A window is a second of the recording's own time, whole seconds from its beginning on; where frames are looked at less
often than once a second, it is as many seconds as it takes to hold one. Each picture of an album is a window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge.align import OUTSIDE
from edge.analyze.messages import Part, Window
from edge.analyze.scene import Cuts
from edge.detect import Face
from edge.reader import FaceReader, FaceView
from edge.smooth import Smoothed, Smoothers
from edge.window import LONGEST_GAP_S, FrameView, summarise

Pixels = NDArray[np.uint8]

LONGEST_SIDE: Final = 3840  # pixels; larger frames are halved, so that memory has a bound
LEAST_HEIGHT: Final = 96  # of a picture, in pixels; a smaller one is enlarged
WIDEST_BORDER: Final = 256  # pixels around a picture: a face cut by the edge is no better found with more


@dataclass(frozen=True, eq=False)
class Seen:
    """One face of a frame: as it was read, and as it is smoothed, where it was read and is followed."""

    view: FaceView
    unsure: bool
    smoothed: Smoothed | None


class Copy(Protocol):
    """Takes the frames with what was seen in them, to draw."""

    def add(self, at_s: float, image: Pixels, faces: list[Seen], reason: Reason | None) -> None:
        """The next frame; `reason` where none of its faces counts for the role."""

    def close(self) -> None:
        """That was the last one."""


@dataclass(eq=False)
class _Counts:
    """What a window holds so far."""

    at_s: float
    views: list[FrameView] = field(default_factory=list)
    faces: int = 0
    labels: Counter[int] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    changes: int = 0
    followed_s: float = 0.0


class Looker:
    """One part of a recording."""

    def __init__(self, task: Part, reader: FaceReader, copy: Copy) -> None:
        reader.begin_anew()
        self._task, self._reader, self._copy = task, reader, copy
        self._cuts, self._smoothers = Cuts(), Smoothers()
        self._open: _Counts | None = None
        self._last_s: float | None = None

    def passed(self, at_s: float) -> None:
        """A frame before the part, which another part counts."""
        self._last_s = at_s

    def add(self, at_s: float, image: Pixels) -> Iterator[Window]:
        """Look at the frame at `at_s`, later than the last; the windows that it closes."""
        if self._open is None and self._last_s is not None and at_s - self._last_s <= LONGEST_GAP_S:
            self._open = _Counts(self._task.start_s)
        yield from self._until(at_s)
        image = _bounded(image)
        if self._cuts.is_cut(image):
            self._reader.begin_anew()
        self._copy.add(at_s, image, *self._count(at_s, image, followed=True))
        self._last_s = at_s

    def picture(self, image: Pixels, at_s: float) -> Window:
        """Look at a picture that stands for itself, for one second."""
        self._reader.begin_anew()
        self._open = _Counts(at_s)
        image = _bounded(image)
        framed, scale, border = roomy(image)
        faces, reason = self._count(at_s, framed, followed=False)
        self._copy.add(at_s, image, [_moved(face, scale, border) for face in faces], reason)
        return self._close(1.0)

    def end(self, next_s: float | None, ended_s: float) -> Iterator[Window]:
        """The windows that are left. `next_s` is the time of the frame after the part; None where all ended."""
        if self._open is None or self._last_s is None:
            return
        if next_s is not None and self._task.end_s is not None and next_s - self._last_s <= LONGEST_GAP_S:
            yield from self._until(self._task.end_s)
        elif next_s is not None:
            yield self._close(self._task.window_s)
        else:
            yield self._close(min(self._task.window_s, max(0.001, ended_s - self._open.at_s)))
        self._open = None

    def _until(self, at_s: float) -> Iterator[Window]:
        """Close the windows that ended by `at_s`, and open the one that holds it."""
        step = self._task.window_s
        begins = step * int((at_s + 1e-6) // step)
        if self._open is not None and self._last_s is not None and at_s - self._last_s > LONGEST_GAP_S:
            yield self._close(step)  # nothing is said of a longer time without a frame
            self._open = None
        while self._open is not None and self._open.at_s < begins:
            yield self._close(step)
            self._open = _Counts(self._open.at_s + step)
        if self._open is None:
            self._open = _Counts(begins)

    def _count(self, at_s: float, image: Pixels, *, followed: bool) -> tuple[list[Seen], Reason | None]:
        assert self._open is not None
        counts, look = self._open, self._reader.look(image, at_s if followed else None)
        counts.views.append(look.view)
        faces = [self._seen(at_s, view, followed) for view in look.faces]
        counts.faces += len(faces)
        for face in faces:
            result = face.view.result
            if face.unsure or isinstance(result, Reason):
                counts.reasons[result if isinstance(result, Reason) else Reason.UNSURE] += 1
            else:
                counts.labels[int(result.argmax())] += 1
            if face.smoothed is not None:
                counts.changes += face.smoothed.changed
                counts.followed_s += face.smoothed.followed_s
        return faces, look.view.reason

    def _seen(self, at_s: float, view: FaceView, followed: bool) -> Seen:
        if isinstance(view.result, Reason):
            return Seen(view, False, None)
        smoothed = self._smoothers.add(view.track.id, at_s, view.result) if followed else None
        return Seen(view, float(view.result.max()) < self._reader.least_sure, smoothed)

    def _close(self, seconds: float) -> Window:
        assert self._open is not None
        counts, found = self._open, summarise(self._open.views, self._reader.least_sure)
        return Window(
            item=self._task.item,
            part=self._task.part,
            at_s=counts.at_s,
            seconds=seconds,
            frames=len(counts.views),
            faces=counts.faces,
            faces_by_expression=tuple(counts.labels[i] for i in range(len(EXPRESSIONS))),
            face_reasons=dict(counts.reasons),
            view_faces=found.faces,
            quality=found.quality,
            shares=found.shares,
            confidence=found.confidence,
            reason=found.reason,
            changes=counts.changes,
            followed_s=counts.followed_s,
        )


def roomy(image: Pixels) -> tuple[Pixels, float, int]:
    """A picture with grey around it, then how many times it was enlarged and how wide the border is.

    A photo is often cut so close to the face that the detector has no room to find it. Pictures for evaluation are
    framed the same way (models/samples.py).
    """
    scale = max(1.0, LEAST_HEIGHT / image.shape[0])
    if scale > 1.0:
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    border = min(image.shape[0] // 2, WIDEST_BORDER)
    sides = (border, border, border, border)
    framed = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(OUTSIDE, OUTSIDE, OUTSIDE))
    return np.asarray(framed, np.uint8), scale, border


def _moved(seen: Seen, scale: float, border: int) -> Seen:
    """A face of a framed picture, where it lies in the picture itself."""
    face = seen.view.track.face
    x1, y1, x2, y2 = ((side - border) / scale for side in face.box)
    inside = Face((x1, y1, x2, y2), face.score, (face.landmarks - np.float32(border)) / np.float32(scale))
    return replace(seen, view=replace(seen.view, track=replace(seen.view.track, face=inside)))


def _bounded(image: Pixels) -> Pixels:
    while max(image.shape[:2]) > LONGEST_SIDE:
        half = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
    return image
