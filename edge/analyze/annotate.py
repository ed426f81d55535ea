"""A copy of a recording with what was read drawn in: boxes, landmarks, and each face's label, or the reason for none.

Such a copy shows faces, and is made on request only. Labels are the smoothed ones, those of pictures the plain ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.expressions import EXPRESSIONS
from contract.reading import Reason
from edge.analyze.inputs import COPY
from edge.analyze.looker import Copy, Seen
from edge.analyze.messages import Part
from edge.analyze.results import Kind
from edge.errors import OutputError

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

# The light colours of the expressions on Mien's pages, as blue, green, red.
COLOURS: Final[dict[str, Colour]] = {
    "neutral": (0x8C, 0x89, 0x87),
    "happiness": (0x00, 0x7C, 0xB2),
    "surprise": (0x89, 0x73, 0x00),
    "sadness": (0x89, 0x4A, 0x39),
    "anger": (0x1F, 0x25, 0xBC),
    "disgust": (0x68, 0x96, 0x5D),
    "fear": (0xB6, 0x79, 0xA2),
    "contempt": (0x39, 0x40, 0x5C),
}
NONE: Final[Colour] = (0x56, 0x4E, 0x47)  # of a face, or a frame, without an expression
INK: Final[Colour] = (255, 255, 255)
FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
LEAST_SIDE: Final = 360  # pixels; smaller pictures are enlarged, or their labels could not be read
MOST_SIDE: Final = 3840  # pixels to which a picture is enlarged
LONGEST_HOLD_S: Final = 60.0  # a frame is repeated for no longer, however long the next one is in coming


class _NoCopy:
    """What takes the frames where no copy was asked for."""

    def add(self, at_s: float, image: Pixels, faces: list[Seen], reason: Reason | None) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""


def open_copy(task: Part) -> Copy:
    """Where a part's frames are drawn to."""
    if task.annotated is None:
        return _NoCopy()
    if task.kind is Kind.PICTURES:
        return _Pictures(Path(task.annotated), task.files, task.first)
    return _Film(Path(task.annotated), task.rate / task.every)


class _Film:
    """An MP4 of a film's frames, each shown until the next one."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._part, self._rate = path, path.with_suffix(".part.mp4"), rate
        self._writer: Any = None
        self._began_s, self._written = 0.0, 0
        self._size = (0, 0)

    def add(self, at_s: float, image: Pixels, faces: list[Seen], reason: Reason | None) -> None:
        """Draw the next frame, and write it as often as brings the copy to its time. Raises OutputError."""
        drawn = draw(image, faces, reason)
        if self._writer is None:
            self._begin(at_s, drawn)
        if (drawn.shape[1], drawn.shape[0]) != self._size:
            drawn = np.asarray(cv2.resize(drawn, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        due = round((at_s - self._began_s) * self._rate) + 1
        for _ in range(max(1, min(due - self._written, round(LONGEST_HOLD_S * self._rate)))):
            self._writer.write(drawn)
            self._written += 1

    def _begin(self, at_s: float, drawn: Pixels) -> None:
        self._began_s = at_s
        self._size = (drawn.shape[1] // 2 * 2, drawn.shape[0] // 2 * 2)  # the codec halves colour
        self._path.parent.mkdir(parents=True, exist_ok=True)
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(self._part), cv2.CAP_FFMPEG, code, self._rate, self._size)
        if not self._writer.isOpened():
            raise OutputError(f"{self._path}: cannot be written; check --annotated and the disk")

    def close(self) -> None:
        """Finish the file, and only then give it its name. Raises OutputError where not all of it could be written."""
        if self._writer is None:
            return
        self._writer.release()  # says nothing of a full disk
        copy = cv2.VideoCapture(str(self._part), cv2.CAP_FFMPEG)
        written = round(copy.get(cv2.CAP_PROP_FRAME_COUNT))
        copy.release()
        if written < self._written:
            self._part.unlink(missing_ok=True)
            raise OutputError(f"{self._path}: could not be written to its end; check that the disk has room")
        self._part.replace(self._path)


class _Pictures:
    """A JPEG of each picture, in a folder."""

    def __init__(self, folder: Path, files: tuple[str, ...], first: int) -> None:
        self._folder, self._files, self._first = folder, files, first

    def add(self, at_s: float, image: Pixels, faces: list[Seen], reason: Reason | None) -> None:
        """Draw the picture of that number. Raises OutputError."""
        path = self._folder / f"{self._files[round(at_s) - self._first]}{COPY}.jpg"
        ok, data = cv2.imencode(".jpg", draw(image, faces, reason))
        if not ok:
            raise OutputError(f"{path}: a picture of this shape cannot be written as JPEG; leave it out")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.tobytes())
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror}; check --annotated and the disk") from error

    def close(self) -> None:
        """Nothing is held open."""


def draw(image: Pixels, faces: list[Seen], reason: Reason | None) -> Pixels:
    """The frame (H, W, 3) with its faces marked, enlarged where it is small; the frame itself is left as it is."""
    times = max(1, min(-(-LEAST_SIDE // max(1, min(image.shape[:2]))), MOST_SIDE // max(image.shape[:2])))
    drawn = image.copy() if times == 1 else cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    line = max(1, round(min(drawn.shape[:2]) / 240))
    for face in faces:
        colour, text = label(face)
        x1, y1, x2, y2 = (round(times * side) for side in face.view.track.face.box)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, line, cv2.LINE_AA)
        for x, y in (times * face.view.track.face.landmarks).tolist():
            cv2.circle(drawn, (round(x), round(y)), line + 1, INK, -1, cv2.LINE_AA)
            cv2.circle(drawn, (round(x), round(y)), line, colour, -1, cv2.LINE_AA)
        _write(drawn, text, x1 - line // 2, y1, colour)
    if reason is not None and (not faces or reason is Reason.MANY_FACES):
        _write(drawn, _words(reason), 4, 0, NONE)
    return np.asarray(drawn, np.uint8)


def label(face: Seen) -> tuple[Colour, str]:
    """The colour and the words of one face."""
    result = face.view.result
    if isinstance(result, Reason):
        return NONE, _words(result)
    if face.unsure:
        return NONE, _words(Reason.UNSURE)
    shares = result if face.smoothed is None else face.smoothed.shares
    best = int(result.argmax()) if face.smoothed is None else face.smoothed.label
    return COLOURS[EXPRESSIONS[best]], f"{EXPRESSIONS[best]} {100 * float(shares[best]):.0f} %"


def _words(reason: Reason) -> str:
    return reason.value.replace("_", " ")


def _write(image: Pixels, text: str, x: int, bottom: int, ground: Colour) -> None:
    """Words on a ground of their own, above `bottom` where there is room, always within the picture."""
    height, width = image.shape[:2]
    scale = max(0.5, min(height, width) / 800)
    thick = max(1, round(1.6 * scale))
    (wide, high), below = cv2.getTextSize(text, FONT, scale, thick)
    pad = max(2, round(5 * scale))
    x = max(0, min(x, width - wide - 2 * pad))
    top = max(0, min(bottom - high - below - 2 * pad, height - high - below - 2 * pad))
    cv2.rectangle(image, (x, top), (x + wide + 2 * pad, top + high + below + 2 * pad), ground, -1)
    cv2.putText(image, text, (x + pad, top + pad + high), FONT, scale, INK, thick, cv2.LINE_AA)
