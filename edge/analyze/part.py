"""One part of a recording, from its file to windows: which of its frames are looked at, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.analyze.film import Film, read_picture
from edge.analyze.looker import Looker
from edge.analyze.messages import End, Part, Report
from edge.analyze.results import Kind
from edge.errors import CaptureError

Pixels = NDArray[np.uint8]
Send = Callable[[Report], None]


NEARLY_S = 1e-6  # a frame's number over its rate may be a hair off the second that it falls on


@dataclass(frozen=True)
class Frame:
    """A frame that was met: its time, and how to get its picture; that raises CaptureError."""

    at_s: float
    picture: Callable[[], Pixels]


@dataclass(eq=False)
class _Course:
    """What was met on the way."""

    met: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    next_s: float | None = None  # of the frame after the part
    width: int = 0
    height: int = 0
    unread: int = 0
    why: str = ""  # of the first that could not be read
    stopped: bool = False

    def hole(self, task: Part, from_s: float, to_s: float) -> None:
        """Nothing could be decoded between two times, of which the part holds the first or the second."""
        if to_s >= task.start_s and (task.end_s is None or from_s < task.end_s):
            self.unread += 1
            self.why = self.why or f"{task.path}: damaged from {from_s:.1f} to {to_s:.1f} s; give another copy of it"

    def end(self, task: Part) -> End:
        fault = None
        if self.unread:
            fault = self.why if self.unread == 1 else f"{self.why} ({self.unread} like this)"
        return End(
            item=task.item,
            part=task.part,
            met=self.met,
            first_s=self.first_s,
            last_s=self.last_s,
            width=self.width,
            height=self.height,
            fault=fault,
            stopped=self.stopped,
        )


def read_part(task: Part, looker: Looker, send: Send, asked_to_stop: Callable[[], bool]) -> End:
    """Look at every `task.every`-th frame of the part, from its first on, and send its windows. Raises CaptureError."""
    course = _Course()
    for frame in _within(task, _frames(task, course), looker, course):
        course.met, course.last_s = course.met + 1, frame.at_s
        if course.met == 1:
            course.first_s = frame.at_s
        if (course.met - 1) % task.every == 0 and _look(task, frame, looker, course, send) and asked_to_stop():
            course.stopped = True
            break
    if task.kind is not Kind.PICTURES:
        for window in looker.end(course.next_s, course.last_s + 1 / task.rate):
            send(window)
    return course.end(task)


def _look(task: Part, frame: Frame, looker: Looker, course: _Course, send: Send) -> bool:
    """Look at one frame; whether that closed a window."""
    try:
        image = frame.picture()
    except CaptureError as error:
        course.unread, course.why = course.unread + 1, course.why or str(error)
        return False
    if course.width == 0:
        course.height, course.width = image.shape[:2]
    windows = [looker.picture(image, frame.at_s)] if task.kind is Kind.PICTURES else list(looker.add(frame.at_s, image))
    for window in windows:
        send(window)
    return bool(windows)


def _within(task: Part, frames: Iterable[Frame], looker: Looker, course: _Course) -> Iterator[Frame]:
    """The frames of the part; those before it are passed, and the first one after it is noted."""
    for frame in frames:
        if frame.at_s < task.start_s - NEARLY_S:
            looker.passed(frame.at_s)
        elif task.end_s is not None and frame.at_s >= task.end_s - NEARLY_S:
            course.next_s = frame.at_s
            return
        else:
            yield frame


def _frames(task: Part, course: _Course) -> Iterator[Frame]:
    """All frames from the part's first on, or from a little before it."""
    if task.kind is not Kind.VIDEO:
        for i, file in enumerate(task.files, task.first):
            yield Frame(i / task.rate, lambda file=file: read_picture(Path(task.path) / file))  # type: ignore[misc]
        if task.end_s is not None:
            yield Frame(task.end_s, lambda: read_picture(Path(task.path)))
        return
    film = Film(Path(task.path))
    if task.start_s > 0 and not film.seek(task.start_s):
        film.close()
        film = Film(Path(task.path))
    with closing(film):
        for at_s in film.times():
            if film.holes:
                course.hole(task, *film.holes.pop())
            yield Frame(at_s, film.picture)
